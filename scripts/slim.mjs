// Before packing: takes out of dist/ what its users do not need. Comments, blanks and long names of code (stack traces keep files and lines, and
// the sources have the rest; nothing in them looks a function or class up by its name), blanks of schemas, and declarations that no public one
// names, blanks in front of lines of the others, and comments of bundled ones. What is installed in addition to the engine stays below 5.7 MB (test/measured/pack.test.ts).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { transformSync } from 'esbuild'
import { root } from './cache.mjs'

const dist = join(root, 'dist')
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))

const printed = { minify: true, lineLimit: 400, target: 'node20', legalComments: 'none' }
for (const file of files.filter((name) => /\.c?js$/.test(name)))
  writeFileSync(file, transformSync(readFileSync(file, 'utf8'), printed).code)
for (const file of files.filter((name) => name.endsWith('.json')))
  writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))))

// Comments of Python, what its functions say of themselves in a line, and three of four blanks in front of a line; no text goes over lines but such.
// Lines stay where they are: traces tell them.
for (const file of files.filter((name) => name.endsWith('.py'))) {
  const text = readFileSync(file, 'utf8').replaceAll(/(?<=:\n[ \t]+)"""[^"\\\n]*"""$/gm, '""')
  const plain = text.replaceAll(/^[ \t]+#.*$/gm, '')
  writeFileSync(file, shallow(plain))
}

/** Keeps one of four blanks in front of a line. */
function shallow(text) {
  return text.replaceAll(/^(?: {4})+/gm, (blanks) => ' '.repeat(blanks.length / 4))
}

const named = new Set()
const todo = ['whyslow/index.d.ts', 'compile/kernels/index.d.ts', 'code/define.d.ts'].map((name) => join(dist, name))
for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
  if (named.has(file)) continue
  named.add(file)
  for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g))
    todo.push(resolve(dirname(file), specifier).replace(/\.[jt]s$/, '.d.ts'))
}
const bundled = join(dist, 'vendor', '/')
for (const file of files.filter((name) => name.endsWith('.d.ts'))) {
  if (!named.has(file)) {
    rmSync(file)
    continue
  }
  const text = readFileSync(file, 'utf8')
  // What others' declarations say of themselves stands in their own packages.
  const said = file.startsWith(bundled) ? text.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*\n/gm, '') : text
  writeFileSync(file, shallow(said))
}
