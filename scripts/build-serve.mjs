// The server of the shipped folder: src/serve/folder/ with all that it imports, as two files that need nothing but what lies in the folder.
// Names and lines stay: whoever gets the folder can read it.
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './cache.mjs'

const dist = join(root, 'dist')
const shipped = join(dist, 'ship/shipped')

export const BUNDLES = { 'serve.mjs': 'serve-folder.js', 'serve-worker.mjs': 'serve-worker.js' }
export const bundleFiles = Object.keys(BUNDLES).map((name) => join(shipped, name))

export async function buildServe() {
  await build({
    entryPoints: Object.entries(BUNDLES).map(([name, from]) => ({
      in: join(dist, 'serve/folder', from),
      out: name.replace(/\.mjs$/, ''),
    })),
    absWorkingDir: root,
    outdir: shipped,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
  })
}
