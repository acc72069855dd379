"""Packs the extension into a .vsix, which is a zip with two more files; needs no network and no Node."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

HERE = Path(__file__).resolve().parent
FILES = (
    "package.json",
    "README.md",
    "LICENSE.txt",
    "client.js",
    "extension.js",
    "language-configuration.json",
    "snippets/wp.json",
    "syntaxes/wp.tmLanguage.json",
)
#: One instant for every file, so that the same files give the same bytes.
WHEN = (1980, 1, 1, 0, 0, 0)

TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension=".json" ContentType="application/json"/>
<Default Extension=".js" ContentType="application/javascript"/>
<Default Extension=".md" ContentType="text/markdown"/>
<Default Extension=".txt" ContentType="text/plain"/>
<Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>
"""

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
<Metadata>
<Identity Language="en-US" Id={name} Version={version} Publisher={publisher}/>
<DisplayName>{display}</DisplayName>
<Description xml:space="preserve">{description}</Description>
<Tags>{tags}</Tags>
<Categories>{categories}</Categories>
<License>extension/LICENSE.txt</License>
<Properties>
<Property Id="Microsoft.VisualStudio.Code.Engine" Value={engine}/>
<Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
</Properties>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>
<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
<Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
<Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
</Assets>
</PackageManifest>
"""


def pack(target: Path) -> None:
    """Write the extension to `target`."""
    about = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    manifest = MANIFEST.format(
        name=quoteattr(about["name"]),
        version=quoteattr(about["version"]),
        publisher=quoteattr(about["publisher"]),
        display=escape(about["displayName"]),
        description=escape(about["description"]),
        tags=escape(",".join(about["keywords"])),
        categories=escape(",".join(about["categories"])),
        engine=quoteattr(about["engines"]["vscode"]),
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        _add(out, "extension.vsixmanifest", manifest.encode())
        _add(out, "[Content_Types].xml", TYPES.encode())
        for name in FILES:
            # The licence is the repository's own, unless the folder stands alone.
            at = HERE / name if (HERE / name).is_file() else HERE.parent.parent / "LICENSE"
            _add(out, f"extension/{name}", at.read_bytes())


def _add(out: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, WHEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    out.writestr(info, data)


if __name__ == "__main__":
    where = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd() / "wetprint.vsix"
    pack(where)
    print(f"{where} written. Install it with: code --install-extension {where}")
