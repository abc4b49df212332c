// A plan that ships a tiny decoder as if it had become twice as fast, and what runs the folder.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { exampleGeneration } from '@whyslow/report/support/documents/example-generation.ts'
import { afterAll } from 'vitest'
import { removeMade, scratch } from '../../../../test/support/made-folders.ts'
import { PLAIN_OPTIONS } from '../../src/prove/setup.ts'
import { filesToShip } from '../../src/ship/files-to-ship.ts'
import type { GeneratorShipPlan } from '../../src/ship/plan.ts'
import { promptFactsOf } from '../../src/ship/prompt-facts.ts'
import type { DecoderWeights } from './decoder/weights.ts'
import { type FolderOptions, writeFolder } from './decoder/write-folder.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../..')
const ORT = JSON.parse(fs.readFileSync(path.join(ROOT, 'node_modules/onnxruntime-node/package.json'), 'utf8')).version

afterAll(removeMade)

const side = (ratio: number) => ({ verdict: 'faster', ratio, ratioLow: ratio - 0.02, ratioHigh: ratio + 0.02 }) as const

/** `base`: an empty folder, in which the model's folder and `fast` come to be. */
export async function shipPlanFor(
  weights: DecoderWeights,
  { base = scratch(), ...form }: FolderOptions & { readonly base?: string } = {},
): Promise<GeneratorShipPlan> {
  const original = writeFolder(path.join(base, 'tiny model'), weights, form)
  const setup = {
    engine: 'ort-cpu',
    source: original,
    options: { ...PLAIN_OPTIONS, threads: 1 },
    loop: { prefixCache: true, lookup: { most: 7, least: 2 } },
  }
  return {
    ...{ out: path.join(base, 'fast'), force: false, original, setup },
    files: await filesToShip(setup, original),
    packages: { 'onnxruntime-node': ORT },
    engineTitle: 'ONNX Runtime for Node',
    prompts: promptFactsOf(original),
    licence: ['The model card says: apache-2.0'],
    changes: ['1 thread'],
    document: exampleGeneration,
    results: { perToken: side(0.5), first: side(0.9), readings: [] },
    toolVersion: '0.0.0',
    createdAt: '2026-01-02T03:04:05.000Z',
  }
}

/** Lets what is in `folder` find its packages as if they had been installed there. */
export const installIn = (folder: string): void =>
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'dir')

/** Runs code as a module next to the folder; what it hands to `print` comes back. Throws if it fails. */
export function runBeside(folder: string, code: string): unknown {
  const script = path.join(path.dirname(folder), 'script.mjs')
  fs.writeFileSync(script, `const print = (value) => process.stdout.write(JSON.stringify(value))\n${code}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: path.dirname(folder), encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
