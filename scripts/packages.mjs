// Where the sources of the packages lie, and where each is built: packages/graph/src/walk.ts becomes dist/graph/walk.js.
import { readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { root } from './cache.mjs'

export const dist = join(root, 'dist')

/** Every package of the repository, by its folder below packages/. */
export const PACKAGES = readdirSync(join(root, 'packages'))

/** The files in the sources of all packages: absolute paths. */
export const sourceFiles = () => PACKAGES.flatMap((name) => files(join(root, 'packages', name, 'src')))

/** The absolute path in dist/ of a file in the sources of a package. */
export function outputOf(file) {
  const [, name, , ...rest] = relative(root, file).split(sep)
  return join(dist, name, ...rest)
}

/** The absolute path of the source of a file in dist/, with its ending as it is there. */
export function sourceOf(output) {
  const [name, ...rest] = relative(dist, output).split(sep)
  return join(root, 'packages', name, 'src', ...rest)
}

/** The file that '@whyslow/graph/walk.ts' names. */
export function fileOf(specifier) {
  const [, name, ...rest] = specifier.split('/')
  return join(root, 'packages', name, 'src', ...rest)
}

/** Code or declarations of the file `output`, which import from other packages by relative paths in dist/, all as JavaScript. */
export const withRelativeImports = (text, output) =>
  text.replace(/(\bfrom\s*|\bimport\s*|\bimport\(\s*)(["'])(\.[^"'\n]*|@whyslow\/[^"'\n]*)\2/g, (_, before, quote, specifier) => {
    const path = specifier.startsWith('.')
      ? specifier
      : relative(dirname(output), outputOf(fileOf(specifier)))
          .split(sep)
          .join('/')
    return `${before}${quote}${path.replace(/\.ts$/, '.js')}${quote}`
  })

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
