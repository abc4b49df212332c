// Plans and folders for the tests of this stage.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterAll } from 'vitest'
import { removeMade } from '../../../../../test/support/made-folders.ts'
import type { ShipPlan } from '../../../src/ship/plan.ts'

export const ROOT = path.resolve(import.meta.dirname, '../../../../..')
export const FIXTURES = path.join(ROOT, 'fixtures/models')

const ENGINE = JSON.parse(fs.readFileSync(path.join(ROOT, 'node_modules/onnxruntime-node/package.json'), 'utf8'))
const REPORT: ReportDocument = JSON.parse(fs.readFileSync(path.join(ROOT, 'fixtures/reports/tiny.json'), 'utf8'))

/** A plan that ships the model of `file` as if it had become twice as fast. */
export async function planFor(file: string, out: string, changes: Partial<ShipPlan> = {}): Promise<ShipPlan> {
  const model = await readOnnx(file)
  return { ...planOf(model, out), original: { file, sha256: model.source.sha256, proto: model.proto }, ...changes }
}

/** The same for a model made in code. */
export function planOf(model: Model, out: string, changes: Partial<ShipPlan> = {}): ShipPlan {
  const view = viewGraph(model)
  return {
    out,
    force: false,
    original: { file: model.source.file, sha256: model.source.sha256 },
    setup: { model, options: plainOptions, batchFactor: 1, machineBound: false },
    engine: { id: 'ort-cpu', version: ENGINE.version, package: 'onnxruntime-node' },
    machine: { cpu: 'Example CPU', isa: ['avx2', 'fma'] },
    remedies: ['thread-count'],
    changes: ['One thread instead of two'],
    report: { ...REPORT, model: null },
    inputs: view.inputs.map(asDeclared),
    outputs: view.outputs.map(asDeclared),
    results: {
      beforeMs: 41.3,
      afterMs: 20.5,
      speedup: 2,
      speedupLow: 1.9,
      speedupHigh: 2.1,
      agreement: { maxAbs: 0, cosine: 1, sqnrDb: null, equal: true, top1: null, metric: null },
    },
    workerCostMs: 0.05,
    toolVersion: '0.0.0',
    createdAt: '2026-01-02T03:04:05.000Z',
    ...changes,
  }
}

function asDeclared({ name, kind, dtype, shape }: ValueDeclaration): InputDeclaration {
  const isTensor = kind === 'tensor'
  return { name, isTensor, dtype: isTensor ? dtype : null, shape: isTensor ? (shape?.map((size) => size ?? '') ?? null) : null }
}

afterAll(removeMade)

export { scratch } from '../../../../../test/support/made-folders.ts'

/** Lets what lies in `folder` find the engine as if it had been installed there. */
export function installIn(folder: string): void {
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
}

/** Runs code in a process of its own with `folder` as current one; what it hands to `print` comes back. Throws if it fails. */
export function runIn(folder: string, code: string): unknown {
  const script = path.join(folder, 'script.mjs')
  fs.writeFileSync(script, `const print = (value) => process.stdout.write('\\n\\0' + JSON.stringify(value))\n${code}`)
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: undefined }
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: folder, env, encoding: 'utf8' })
  fs.rmSync(script)
  if (status !== 0) throw new Error(`exit ${status ?? signal}: ${stderr}`)
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\0') + 1))
}
