// What the programs of planted-pipelines and python-services say of themselves in their comments, and the Python that has what they need.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const HEAD_LINES = 6
const MODULES = { 'scikit-learn': 'sklearn', pillow: 'PIL', opencv: 'cv2' }

/** Interpreters of PYTHON, separated as in PATH. */
export const pythons = (process.env.PYTHON ?? 'python3').split(path.delimiter)

/** The first Python that has all packages; undefined: none. */
export function pythonWith(needs) {
  const modules = needs.filter((name) => name !== 'nothing').map((name) => MODULES[name] ?? name)
  const code = `import sys\nfrom importlib.util import find_spec\nsys.exit(0 if all(find_spec(n) for n in ${JSON.stringify(modules)}) else 1)`
  return pythons.find((one) => spawnSync(one, ['-c', code]).status === 0)
}

/** The rule of the planted cause, the packages, and the lines that may be named: of the file itself or of the one that `in: FILE` names. */
export function readPlanted(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  const headOf = (name) =>
    lines
      .slice(0, HEAD_LINES)
      .find((line) => /^(#|\/\/) /.test(line) && line.slice(2).trim().startsWith(`${name}: `))
      ?.split(`${name}: `)[1]
      .trim() ?? ''
  const place = headOf('in') === '' ? file : path.join(path.dirname(file), headOf('in'))
  const here = fs
    .readFileSync(place, 'utf8')
    .split('\n')
    .flatMap((line, at) => {
      const mark = /^(.*?)(#|\/\/) (or )?here$/.exec(line)
      return mark === null ? [] : [mark[1].trim() === '' ? at : at + 1]
    })
  return { rule: headOf('planted'), needs: headOf('needs').split(' ').filter(Boolean), place, here }
}
