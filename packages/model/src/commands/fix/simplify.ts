// onnx-simplifier from the optional package `onnxsim` (WebAssembly, Apache-2.0): https://www.npmjs.com/package/onnxsim
// It runs in a process of its own, with a time limit: it prints to the console, and 0.7.3 hangs now and then where its
// onnxruntime-web uses threads (seen in one of four runs on a transformer of 16 MB, in none of eight with one thread).
import fs from 'node:fs'
import path from 'node:path'
import { decodeOnnx } from '@whyslow/formats/onnx.ts'
import { writeModel } from '@whyslow/graph/build.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { findPackageFolder, packageEnvironment } from '@whyslow/measure/engines/find-package.ts'
import { makeTemporaryFolder } from '@whyslow/measure/machine/files.ts'
import { startProcess } from '@whyslow/measure/processes/start-process.ts'
import { END_WITH_PARENT } from '@whyslow/measure/trials/end-with-parent.ts'

const PACKAGE = 'onnxsim'
const LIMIT_MS = 120_000

export type Simplify = (model: Model) => Promise<Model>

/** How a child process ended. */
export type ChildEnd = { readonly ok: true } | { readonly ok: false; readonly killed: boolean; readonly stderr: string }
/** Runs Node with these arguments in a folder, and kills it after the limit. */
export type RunNode = (args: readonly string[], folder: string, limitMs: number) => Promise<ChildEnd>

/**
 * The simplifier, if the package is installed: in the project around `from`, or next to whyslow; else undefined. It throws an Error, one
 * line, where the package refuses the model or takes longer than `limitMs`, and for models with external data, which it cannot read.
 */
export function loadSimplify({ from = process.cwd(), limitMs = LIMIT_MS, run = runNode } = {}): Simplify | undefined {
  const folder = findPackageFolder(PACKAGE, null, packageEnvironment(from))?.folder
  return folder === undefined ? undefined : (model) => simplifyIn(folder, model, limitMs, run)
}

async function simplifyIn(packageFolder: string, model: Model, limitMs: number, run: RunNode): Promise<Model> {
  if (model.weights.size > 0) throw new Error(`${PACKAGE} cannot read models with external data`)
  const folder = makeTemporaryFolder('whyslow-simplify-')
  try {
    const [input, output] = [path.join(folder, 'model.onnx'), path.join(folder, 'simplified.onnx')]
    fs.writeFileSync(input, writeModel(model.proto))
    const code = fs.readFileSync(new URL('./simplify-child.js', compiledTwin(import.meta.url)), 'utf8')
    const ended = await run(['--input-type=module', '--eval', code, END_WITH_PARENT, input, output], packageFolder, limitMs)
    if (!ended.ok && ended.killed) throw new Error(`${PACKAGE} was stopped: it took longer than ${limitMs / 1000} s`)
    if (!ended.ok) throw new Error(`${PACKAGE} refused the model: ${reasonIn(ended.stderr)}`)
    return { ...model, proto: decodeOnnx(fs.readFileSync(output), `${model.source.file}, simplified,`), origins: new Map() }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const runNode: RunNode = async (words, cwd, timeMs) => {
  const { code, stop, stderr } = await startProcess({ words, cwd, stdio: ['ignore', 'ignore', 'pipe'], limits: { timeMs } }).ended
  return code === 0 ? { ok: true } : { ok: false, killed: stop !== null, stderr }
}

/** 'simplify error: …' is the package's own reason; else the error that Node shows. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const said = lines.find((line) => line.startsWith('simplify error: '))?.slice('simplify error: '.length)
  return said ?? lines.find((line) => /^\w*Error\b/.test(line)) ?? 'no reason given'
}
