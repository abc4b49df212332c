// The folder of a setup as it would be shipped, written where trials can use it: the model and the code that runs it, next to the
// package that was measured.
import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { liteBytesOf } from '@whyslow/formats/tflite/quantize/index.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { findPackage } from '@whyslow/measure/engines/find-package.ts'
import { engineById, offersOf } from '@whyslow/measure/engines/index.ts'
import type { ShippedFolder } from '@whyslow/measure/engines/shipped-folder.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import { type RunnablePlan, type ShipPlan, writeRunnable } from '../../ship/index.ts'
import type { FixOptions } from './options.ts'

/** What the code in the folder of such a setup is made from. */
export function runnablePlan(run: Run, options: Pick<FixOptions, 'engine' | 'signal'>, setup: RemedySetup): RunnablePlan {
  return {
    original: { file: run.model.source.file, sha256: run.model.source.sha256, proto: run.model.proto },
    setup,
    engine: shippedEngine(run, options, setup),
    ...(setup.engine?.format === undefined ? {} : { encode: () => liteBytesOf(setup.model) }),
    ...declarationsOf(setup.model),
    toolVersion,
    ...(options.signal ? { signal: options.signal } : {}),
  }
}

/** Makes `at`, in the run's folder, which must not exist. null if the package that its code imports is not to be found. */
export async function trialFolder(plan: RunnablePlan, run: Run, at: string): Promise<ShippedFolder | null> {
  if (plan.engine.generated) {
    fs.mkdirSync(at)
    await writeRunnable(plan, at)
    return { folder: at, takesTensors: false, env: {} }
  }
  const { name, from, env } = callerOf(plan, run)
  if (from === undefined) return null
  fs.mkdirSync(at)
  await writeRunnable(plan, at)
  const packages = path.join(run.folder, 'node_modules')
  fs.mkdirSync(packages, { recursive: true })
  const link = path.join(packages, name)
  if (!fs.existsSync(link)) fs.symlinkSync(path.resolve(from), link, 'junction')
  return { folder: at, takesTensors: plan.engine.library === undefined, env }
}

/** The package that the shipped code imports, where it lies, and what tells that where its library is. */
function callerOf({ engine }: RunnablePlan, run: Run) {
  const { library } = engine
  if (library === undefined) return { name: engine.package, from: run.engine.from, env: {} }
  const name = library.calledBy.package
  const { variable, file } = library.place
  return { name, from: findPackage(name, null)?.folder, env: file === undefined ? {} : { [variable]: file } }
}

/** The user's, or the one that the setup names. */
function shippedEngine(run: Run, options: Pick<FixOptions, 'engine'>, setup: RemedySetup): ShipPlan['engine'] {
  const cut = setup.engine?.cut
  const measured = { id: options.engine, version: run.engine.version }
  const { id, version } = cut === undefined ? (setup.engine ?? measured) : measured
  const { package: name, precision, shipped } = engineById(id)!
  const about = { id, version, package: name, ...(precision === undefined ? {} : { precision }) }
  if (cut !== undefined) return { ...about, cut }
  if (offersOf(id).includes('generated')) return { ...about, generated: true }
  return setup.engine === undefined || shipped === undefined ? about : { ...about, library: shipped(setup.options) }
}

function declarationsOf(model: Model): { inputs: InputDeclaration[]; outputs: InputDeclaration[] } {
  const { inputs, outputs } = viewGraph(model)
  const declared = (one: (typeof inputs)[number]): InputDeclaration => ({
    name: one.name,
    isTensor: one.kind === 'tensor',
    dtype: one.dtype,
    shape: one.shape?.map((dimension) => dimension ?? '') ?? null,
  })
  return { inputs: inputs.map(declared), outputs: outputs.map(declared) }
}
