"""How long an editor waits: one edit in a long file until its diagnostics are back, through the language server and its wire.

usage: editor.py [LINES]   Also hover, completion, layout and colours of the same file, each asked right after an edit.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsprotocol import types as t
from pygls.lsp.client import LanguageClient

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


async def main(lines: int) -> None:
    text = design(lines)
    with tempfile.TemporaryDirectory() as folder:
        uri = (Path(folder) / "long.wp").as_uri()
        client = LanguageClient("bench", "1")
        answered: asyncio.Queue[int | None] = asyncio.Queue()

        @client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: t.PublishDiagnosticsParams) -> None:
            assert not params.diagnostics, params.diagnostics[0]
            answered.put_nowait(params.version)

        await client.start_io(sys.executable, "-c", "from wetprint.lang.server import serve; serve()")
        await client.initialize_async(t.InitializeParams(capabilities=t.ClientCapabilities()))
        client.initialized(t.InitializedParams())
        client.text_document_did_open(t.DidOpenTextDocumentParams(t.TextDocumentItem(uri, "wp", 1, text)))
        while await answered.get() != 1:
            pass
        row = next(n for n, line in enumerate(text.split("\n")) if line.startswith("let side20 = "))
        where = t.Range(t.Position(row, 13), t.Position(row, 14))
        document = t.TextDocumentIdentifier(uri)
        version = 1

        async def edit() -> None:
            nonlocal version
            version += 1
            change = t.TextDocumentContentChangePartial(where, str(4 + version % 6))
            client.text_document_did_change(
                t.DidChangeTextDocumentParams(t.VersionedTextDocumentIdentifier(version, uri), [change])
            )
            while await answered.get() != version:
                pass

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
        print(f"{text.count(chr(10))} lines, {len(text)} characters, {ROUNDS} rounds")
        await clock("edit -> diagnostics", edit, after_edit=False)
        await clock("hover", lambda: client.text_document_hover_async(t.HoverParams(document, at)))
        await clock(
            "completion", lambda: client.text_document_completion_async(t.CompletionParams(document, at))
        )
        await clock(
            "colours of all names",
            lambda: client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(document)),
        )
        whole = t.Range(t.Position(0, 0), t.Position(lines, 0))
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
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 700))
