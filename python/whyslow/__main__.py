"""`python -m whyslow`, and the console script `whyslow`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import List, Optional

from ._command import WhyslowError, command, environment, install, with_active_environment


def main(arguments: Optional[List[str]] = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if given[:1] == ['install']:
            install(given[1:], progress=True)
            return 0
        words, env = [*command(), *given], with_active_environment(environment())
    except WhyslowError as error:
        print(f'whyslow: {error}', file=sys.stderr)
        return error.exit_code
    if os.name != 'nt':
        # Node takes this process's place, so that signals, the terminal and the exit code are its own.
        sys.stdout.flush()
        os.execve(words[0], words, env)
    child = subprocess.Popen(words, env=env)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # The console sends it to the child, too, which ends by itself.
            continue


if __name__ == '__main__':
    sys.exit(main())
