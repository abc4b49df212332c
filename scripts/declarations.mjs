// Before packing: the declarations of all packages, next to the code in dist/ (slim.mjs removes those that no public one names). `tsc -b` keeps them
// where the packages' tsconfig.json say, so that what has not changed is not made again, by `npm run types` or here.
//   node scripts/declarations.mjs [folder]     into another dist/
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { root } from './cache.mjs'
import { dist, PACKAGES, withRelativeImports } from './packages.mjs'

const to = resolve(process.argv[2] ?? dist)
const made = join(root, 'node_modules/.cache/types')
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-b', ...PACKAGES.map((name) => join(root, 'packages', name))], { stdio: 'inherit' })
for (const name of PACKAGES)
  for (const entry of readdirSync(join(made, name), { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts')) continue
    const file = join(entry.parentPath, entry.name)
    const path = relative(made, file)
    const output = join(to, path)
    mkdirSync(dirname(output), { recursive: true })
    writeFileSync(output, withRelativeImports(readFileSync(file, 'utf8'), join(dist, path)))
  }
