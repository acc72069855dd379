"""How long an editor waits: one edit in a long file until its diagnostics are back, through the language server and its wire.

usage: editor.py [LINES]   A plain file and a dense one (20 tokens a line). Also hover, completion, layout and colours of the
same file, each asked right after an edit; and what loading alone takes, with what is known of the version before and without.
"""

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types as t
from pygls.lsp.client import LanguageClient
from wetprint.kernel.diagnostics import Source
from wetprint.lang.lexer import lex

ROUNDS = 41


def design(lines: int) -> str:
    """A design of about so many lines, with every kind of statement."""
    out = [
        "wp 1;",
        'use "nanocrystal.wp" as nc;',
        "param pitch: Length = 40um in 15um..200um;",
        "param width: Length = 10um;",
    ]
    out.append("bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }")
    i = 0
    while len(out) < lines:
        out += f"""
# part {i}
let side{i} = {4 + i % 5} * pitch;
fn shift{i}(k: Count) -> Length = if k mod 4 < 2 then 0um else pitch / 2;
material blend{i} = mix(nc.gold: 50%, nc.cadmium_selenide: rest);
lattice body{i} = woodpile {{
  size: [side{i}, side{i}];
  layers: 8;
  pitch: pitch;
  filament: width;
  layer k {{
    angle: if k mod 2 == 0 then 90deg else 0deg;
    phase: shift{i}(k);
    material: [nc.gold, blend{i}][k mod 2];
  }}
}}
solid core{i} = cylinder {{ radius: 80um; height: body{i}.height; }}
region heart{i} in body{i} where inside(core{i}) and z > {i % 7}um {{ material: blend{i}; }}
print body{i} {{ bath: both; }}
assert side{i} > 1.5 * width, "too small";""".split("\n")
        i += 1
    return "\n".join(out) + "\n"


def dense(lines: int) -> str:
    """A design of about so many lines with as much as possible in each."""
    out = [
        "wp 1;",
        'use "nanocrystal.wp" as nc;',
        'param pitch: Length = 40um in 15um..200um step 0.5um "centre to centre";',
        "param width: Length = 10um in 7um..44um;",
        "bath both = nc.butanol_bath { linkers: [nc.gold_iii, nc.iron_ii]; }",
    ]
    i = 0
    while len(out) < lines:
        out += f"""
let side{i} = {4 + i % 5} * pitch + (if {i % 3} == 0 then 2 * width else width / 2) - 0.25 * (pitch - width) + {i % 9}um;
let rises{i} = [for j in 0..5 where j mod 2 == 0: (j + 1) * pitch / {1 + i % 3} + max(width, 3um, side{i} / 100)];
fn shift{i}(k: Count, d: Length) -> Length =
  if k mod 4 < 2 then 0um else if k mod 4 == 2 then d / 2 else (d - width) / 3;
material ink{i} = nc.gold {{ swell: {1 + (i % 7) / 100}; shrink: 0.85 - {i % 5} / 100; }}
material blend{i} = mix(ink{i}: 30%, nc.gold: 20%, nc.cadmium_selenide: rest);
lattice body{i} = woodpile {{ size: [side{i} + 2 * pitch, side{i}]; layers: 8 + {i % 3};
  pitch: max(pitch, 2 * width); filament: width; layer_height: 0.8 * width;
  layer k {{
    angle: if k mod 2 == 0 then 90deg else 0deg; phase: shift{i}(k, max(pitch, 2 * width));
    material: if k mod 2 == 0 then ink{i} else [nc.gold, blend{i}][k mod 2];
  }}
}}
solid core{i} = difference(cylinder {{ radius: 80um + {i % 4} * width; height: body{i}.height; }},
  sphere {{ radius: 20um + {i % 4} * width / 2; }});
region heart{i} in body{i} where inside(core{i}) and z > {i % 7}um and x < side{i} / 2 and not (y < -side{i} / 3)
  {{ material: blend{i}; priority: 2; }}
region skin{i} in body{i} where z > 60um and not inside(core{i}) {{ filament: 0.9 * width; priority: 1; }}
print body{i} {{ bath: both; }}
assert side{i} > 1.5 * width and len(rises{i}) == 3 and rises{i}[0] < 20 * pitch, "too small";""".split("\n")
        i += 1
    return "\n".join(out) + "\n"


def processor_s(client: LanguageClient) -> float | None:
    """Processor seconds of the server so far, which other work on the machine does not stretch; None where it is not told."""
    server = getattr(client, "_server", None)
    stat = Path(f"/proc/{getattr(server, 'pid', 0)}/stat")
    if not stat.exists():
        return None
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def load_alone(text: str) -> None:
    """Processor time of loading each version of a text that grows and shrinks by a digit, warm and cold in turn."""
    from wetprint.lang.load import load
    from wetprint.lang.memory import Memory

    memory = Memory()
    at = text.index("let side10 = ") + len("let side10 = ")
    took: dict[str, list[float]] = {"warm": [], "cold": []}
    gc.disable()  # as the server does
    for i in range(ROUNDS):
        version = f"{text[:at]}{'1' * (i % 2)}{text[at:]}"
        for name, use in (("warm", memory), ("cold", None)):
            gc.collect()
            began = time.process_time()
            load("long.wp", text=version, memory=use)
            took[name].append(1000 * (time.process_time() - began))
    gc.enable()
    row = "   ".join(f"{name} median {statistics.median(x[1:]):5.1f} ms" for name, x in took.items())
    print(f"{'load(), processor time':<22} {row}")


async def main(name: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uri = (Path(folder) / "long.wp").as_uri()
        client = LanguageClient("bench", "1")
        answered: asyncio.Queue[t.PublishDiagnosticsParams] = asyncio.Queue()

        @client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: t.PublishDiagnosticsParams) -> None:
            answered.put_nowait(params)

        await client.start_io(sys.executable, "-c", "from wetprint.lang.server import serve; serve()")
        await client.initialize_async(t.InitializeParams(capabilities=t.ClientCapabilities()))
        client.initialized(t.InitializedParams())
        client.text_document_did_open(t.DidOpenTextDocumentParams(t.TextDocumentItem(uri, "wp", 1, text)))

        async def answer(version: int) -> None:
            while True:
                params = await answered.get()
                assert not params.diagnostics, params.diagnostics[0]
                if params.version == version:
                    return

        await answer(1)
        row = next(n for n, line in enumerate(text.split("\n")) if line.startswith("let side10 = "))
        spot = t.Position(row, 13)
        document = t.TextDocumentIdentifier(uri)
        version = 1

        async def edit() -> None:
            nonlocal version
            version += 1
            # A digit in, a digit out: what stands behind it moves each time.
            end = t.Position(row, 13 + version % 2)
            change = t.TextDocumentContentChangePartial(t.Range(spot, end), "" if version % 2 else "1")
            client.text_document_did_change(
                t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(version, uri), [change])
            )
            await answer(version)

        async def clock(name: str, ask: Callable[[], Awaitable[object]], after_edit: bool = True) -> None:
            took = []
            for _ in range(ROUNDS):
                if after_edit:
                    await edit()
                began = time.perf_counter()
                await ask()
                took.append(1000 * (time.perf_counter() - began))
            took.sort()
            print(f"{name:<22} median {statistics.median(took):6.1f} ms   worst {took[-1]:6.1f} ms")

        at = t.Position(row, 18)
        tokens = len(lex(Source("", text)).tokens)
        print(
            f"{name}: {text.count(chr(10))} lines, {tokens} tokens, {len(text)} characters, {ROUNDS} rounds"
        )
        before = processor_s(client)
        await clock("edit -> diagnostics", edit, after_edit=False)
        if before is not None:
            took = 1000 * ((processor_s(client) or 0.0) - before) / ROUNDS
            print(f"{'':<22} mean   {took:6.1f} ms of a processor, tidying included")
        await clock("hover", lambda: client.text_document_hover_async(t.HoverParams(document, at)))
        await clock(
            "completion", lambda: client.text_document_completion_async(t.CompletionParams(document, at))
        )
        await clock(
            "colours of all names",
            lambda: client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(document)),
        )
        whole = t.Range(t.Position(0, 0), t.Position(text.count(chr(10)), 0))
        await clock(
            "computed values",
            lambda: client.text_document_inlay_hint_async(t.InlayHintParams(document, whole)),
        )
        options = t.FormattingOptions(2, True)
        await clock(
            "layout",
            lambda: client.text_document_formatting_async(t.DocumentFormattingParams(document, options)),
        )
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()


if __name__ == "__main__":
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 700
    for name, text in (("plain", design(lines)), ("dense", dense(lines))):
        asyncio.run(main(name, text))
        load_alone(text)
