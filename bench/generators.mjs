// What the benchmarks of text generation share: decoders of random weights, as the tests write them, the built `whyslow generate`, and llama.cpp's own
// benchmark. Time does not depend on the values of weights.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { root, temporaryFolder } from './shared.mjs'

const LIMIT_MS = 1_800_000
const LOG_BYTES = 1e9
/** TypeScript of the tests. */
const WRITERS = [
  'generation/test/support/decoder/write-folder.ts',
  'generation/test/support/decoder/write-decoder.ts',
  'generation/test/support/decoder/listening-folder.ts',
  'generation/test/support/wav.ts',
  'generation/test/support/decoder/weights.ts',
  'measure/test/support/streams/mock-server.ts',
]

/** A decoder as it should be. */
export const CLEAN = { weights: 'int4', accuracyLevel: 4, head: 'int8', logits: 'last', attention: 'fused' }

/** What those files export, all in one. */
export async function testWriters() {
  const outfile = path.join(temporaryFolder(), 'writers.mjs')
  await build({
    stdin: {
      contents: WRITERS.map((file) => `export * from './packages/${file}'`).join('\n'),
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    outfile,
  })
  return import(pathToFileURL(outfile).href)
}

/**
 * The document of `whyslow generate target …flags`, called in the folder of a project if one is named. This process goes on meanwhile: a server of its
 * own may be what is measured. Throws with its last line otherwise.
 */
export function generated(target, flags = [], { project = process.cwd() } = {}) {
  const command = path.join(root, 'dist/whyslow/main.js')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, 'generate', target, '--json', '-', '--no-progress', ...flags], {
      timeout: LIMIT_MS,
      cwd: project,
    })
    const [out, errors] = [[], []]
    child.stdout.on('data', (chunk) => out.push(chunk))
    child.stderr.on('data', (chunk) => errors.push(chunk))
    child.on('close', (status, signal) => {
      if (status === 0) return resolve(JSON.parse(Buffer.concat(out).toString()))
      reject(new Error(Buffer.concat(errors).toString().trim().split('\n').at(-1) || `exit ${status ?? signal}`))
    })
  })
}

/** Findings of `whyslow pipeline` on a program of planted-generators, in a copy with the packages that stand in for others. */
export function findingsOfProgram(name) {
  const copy = fs.mkdtempSync(path.join(temporaryFolder(), 'program-'))
  const planted = path.join(import.meta.dirname, 'planted-generators')
  fs.cpSync(path.join(planted, 'javascript'), copy, { recursive: true })
  fs.cpSync(path.join(planted, 'stand-ins'), path.join(copy, 'node_modules'), { recursive: true })
  const words = ['pipeline', path.join(copy, `${name}.mjs`), '--quick', '--no-inner', '--json', '-', '--no-progress']
  return JSON.parse(outputOf(process.execPath, [path.join(root, 'dist/whyslow/main.js'), ...words])).findings
}

/** What a program writes to its standard output. Throws with its last line if it fails. */
export function outputOf(program, words, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: LOG_BYTES,
    ...options,
  })
  if (error) throw error
  if (status === 0) return stdout
  const name = path.basename(program === process.execPath ? words[0] : program)
  throw new Error(`${name}: ${stderr.trim().split('\n').at(-1)}`)
}

/** The last line that a program of bench/peers prints, read as JSON. */
export const peer = (program, file, words, options) =>
  JSON.parse(
    outputOf(program, [path.join(import.meta.dirname, 'peers', file), ...words], options)
      .trim()
      .split('\n')
      .at(-1),
  )

/**
 * Tokens a second of one test of llama-bench: a prompt fed at once, or tokens one by one, after `depth` tokens in the cache. It knows how many CPUs there
 * are, but starts more threads: as many are named.
 */
export function llamaBench(program, file, { prompt = 0, tokens = 0, depth = 0, threads, repeats }) {
  const words = ['-m', file, '-p', prompt, '-n', tokens, '-d', depth, '-t', threads, '-r', repeats, '-o', 'json']
  const env = { ...process.env, LD_LIBRARY_PATH: path.dirname(program) }
  return JSON.parse(outputOf(program, words.map(String), { env }))[0].avg_ts
}
