// By the format of a model's file: the runtime that its owner probably uses, and the engines to measure alongside the one in use.

import { entriesForModel, modelForEngine } from '@whyslow/command/model-files/model-for-engine.ts'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import { engineById, engines, referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { Availability, Engine } from '@whyslow/measure/engines/types.ts'
import type { BesideEngine } from '../evidence/plan.ts'

export interface PairedEngines {
  readonly engines: readonly BesideEngine[]
  /** One sentence of the report; null: nothing to say. */
  readonly says: string | null
}

/** What a reader calls a model of the format. */
const MODELS: Readonly<Record<string, string>> = {
  hdf5: 'a Keras model',
  keras: 'a Keras model',
  tfjs: 'a TensorFlow.js model',
  tflite: 'a TensorFlow Lite model',
  'torch-program': 'a PyTorch model',
  'torch-exported': 'a PyTorch model',
  torchscript: 'a PyTorch model',
  xgboost: 'an XGBoost model',
  lightgbm: 'a LightGBM model',
  catboost: 'a CatBoost model',
  skops: 'a scikit-learn model',
}

/** Plain JavaScript is nobody's choice where there is another. */
const isChoice = ({ offers }: Engine): boolean => !offers.includes('javascript')

export interface PairingRequest {
  readonly engineId: string
  /** For what is written. */
  readonly folder: string
  /** Says which runtime it is, and measures none. */
  readonly quick: boolean
  /** Whether an engine is installed. */
  readonly describe: (engineId: string) => Promise<Availability>
}

export async function pairEngines(model: Model, { engineId, folder, quick, describe }: PairingRequest): Promise<PairedEngines> {
  const { format } = model.source
  // Of a signature that the runtime does not run by itself, the file says nothing of how its owner runs it.
  const owners =
    model.signature !== undefined
      ? []
      : engines.filter((one) => one.formats.includes(format) && !one.formats.includes('onnx') && isChoice(one))
  const isOwners = engineById(engineId)?.formats.includes(format) ?? false
  const runtime = owners.find(({ runtime }) => runtime !== undefined)?.runtime
  const written = quick || engineId !== referenceEngine.id ? [] : await codeBeside(model, folder, describe)
  const backends = quick || isOwners ? [] : await backendsBeside(model, { engineId, folder, describe })
  if (runtime === undefined) return { engines: [...backends, ...written], says: null }
  const wanted = isOwners ? [referenceEngine, ...owners] : owners
  const others = wanted.filter((one) => one.id !== engineId && isChoice(one))
  const found: BesideEngine[] = []
  const fixes: string[] = []
  for (const { id } of quick ? [] : others) {
    const here = await describe(id)
    if (here.ok) found.push(await besideOf(model, { id, device: here.device }, folder))
    else fixes.push(here.fix)
  }
  const owner = `${MODELS[format] ?? `a ${format} model`} probably runs on ${runtime} today`
  const says = quick ? `${owner}; fix and a run without --quick compare it with this engine` : sentence(owner, found, fixes)
  return { engines: [...found, ...backends, ...written], says: isOwners ? null : says }
}

/** Other backends of the runtime that was chosen for a model of another format: each is given what this one is. */
async function backendsBeside(
  model: Model,
  { engineId, folder, describe }: Omit<PairingRequest, 'quick'>,
): Promise<readonly BesideEngine[]> {
  const runtime = engineById(engineId)?.runtime
  const others = engines.filter((one) => runtime !== undefined && one.runtime === runtime && one.id !== engineId && isChoice(one))
  const found: BesideEngine[] = []
  for (const { id } of others) {
    const here = await describe(id)
    if (here.ok) found.push(await besideOf(model, { id, device: here.device }, folder))
  }
  return found
}

/** Code written for the model, if it can be: what a call of the engine costs compared with it. */
async function codeBeside(model: Model, folder: string, describe: PairingRequest['describe']): Promise<readonly BesideEngine[]> {
  const [one] = engines.filter(({ offers }) => offers.includes('generated'))
  if (one === undefined || !compilableOf(model).ok) return []
  const here = await describe(one.id)
  if (!here.ok) return []
  return [await besideOf(model, { id: one.id, device: here.device }, folder)]
}

async function besideOf(model: Model, engine: Pick<BesideEngine, 'id' | 'device'>, folder: string): Promise<BesideEngine> {
  const modelFile = fileForEngine(await modelForEngine(model, engine.id, folder))
  return { ...engine, modelFile, configEntries: entriesForModel(model, engine.id) }
}

function sentence(owner: string, found: readonly BesideEngine[], fixes: readonly string[]): string {
  const [one] = found
  if (one !== undefined) return `${owner}: compared with this engine; to measure it alone, use --engine ${one.id}`
  return fixes.length > 0
    ? `${owner}, which is not measured: it is not installed (${fixes[0]})`
    : `${owner}, which is not measured here`
}
