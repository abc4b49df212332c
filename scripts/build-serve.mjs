// Code of the shipped folder that is ours: the server (packages/serving/src/serve/folder/), and what calls the engines (packages/measure/src/engines/*/folder.ts), each
// with all that it imports, as files that need nothing but what is in the folder. Names and lines stay, since whoever gets the folder can
// read it; in the package they are compressed, as the page is.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './cache.mjs'
import { promClient } from './prom-client.mjs'

const shipped = join(root, 'dist/model/ship/shipped')

const BUNDLES = {
  serve: 'dist/serving/serve/folder/serve-folder.js',
  'serve-worker': 'dist/serving/serve/folder/serve-worker.js',
  onnxruntime: 'dist/measure/engines/onnxruntime/folder.js',
  openvino: 'dist/measure/engines/openvino/folder.js',
  litert: 'dist/measure/engines/litert/folder.js',
}
export const bundleFiles = Object.keys(BUNDLES).map((name) => join(shipped, `${name}.mjs.br`))

/** Licence of what reads and writes messages of gRPC, which is not ours: it must be in all copies. */
function licenceOf(name) {
  const parts = readFileSync(join(root, 'scripts/bundled-licences.txt'), 'utf8').split('\n----\n')
  const part = parts.find((one) => `\n${one}`.includes(`\n${name} (`))
  if (part === undefined) throw new Error(`scripts/bundled-licences.txt says nothing of ${name}`)
  return part.slice(part.indexOf(name)).trim().split('\n')
}

export async function buildServe() {
  const { outputFiles } = await build({
    entryPoints: Object.entries(BUNDLES).map(([out, from]) => ({ in: join(root, from), out })),
    absWorkingDir: root,
    outdir: shipped,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The user installs them, the first if gRPC is wanted.
    external: ['@grpc/grpc-js', 'koffi', 'onnxruntime-node'],
    legalComments: 'none',
    plugins: [promClient],
  })
  mkdirSync(shipped, { recursive: true })
  const licences = ['@bufbuild/protobuf', 'prom-client'].flatMap(licenceOf)
  const licence = licences.map((line) => `// ${line}`.trimEnd())
  for (const { path, text } of outputFiles) {
    const whole = basename(path) === 'serve.mjs' ? `${text}\n// Parts of this file are from:\n//\n${licence.join('\n')}\n` : text
    writeFileSync(join(shipped, `${basename(path)}.br`), brotliCompressSync(whole))
  }
}
