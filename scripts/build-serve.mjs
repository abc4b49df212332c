// The server of the shipped folder: src/serve/folder/ with all that it imports, as two files that need nothing but what lies in the folder.
// Names and lines stay, since whoever gets the folder can read it; in the package they are compressed, as the page is.
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './cache.mjs'

const dist = join(root, 'dist')
const shipped = join(dist, 'ship/shipped')

const BUNDLES = { serve: 'serve-folder.js', 'serve-worker': 'serve-worker.js' }
export const bundleFiles = Object.keys(BUNDLES).map((name) => join(shipped, `${name}.mjs.br`))

export async function buildServe() {
  const { outputFiles } = await build({
    entryPoints: Object.entries(BUNDLES).map(([out, from]) => ({ in: join(dist, 'serve/folder', from), out })),
    absWorkingDir: root,
    outdir: shipped,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
  })
  mkdirSync(shipped, { recursive: true })
  for (const { path, contents } of outputFiles) writeFileSync(join(shipped, `${basename(path)}.br`), brotliCompressSync(contents))
}
