// Predictions under load: the server met, or started for a model; the generator's own ceiling measured; a run for each rate or the search
// for the highest.
import fs from 'node:fs'
import { machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { notChecked, rulesWith, runRules } from '@whyslow/diagnosis/run-rules.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { measureCeiling } from '../../load/audit.ts'
import { loadEvidence } from '../../load/rule.ts'
import { loadRules } from '../../load/rules/index.ts'
import { theoryOf } from '../../load/theory.ts'
import { withAlternatives } from './alternatives.ts'
import { answerOf } from './answer.ts'
import { answerWarnings, compareAnswers } from './answers.ts'
import { auditOf } from './audit-of.ts'
import { isGrpc, openGrpcTarget } from './grpc-target.ts'
import { isAddress, openHttpTarget } from './http-target.ts'
import { openModelTarget } from './model-target.ts'
import { openOipTarget } from './oip-target.ts'
import type { OpenedTarget } from './opened-target.ts'
import { LOAD_DEFAULTS, type LoadOptions } from './options.ts'
import { type Plan, planOf } from './plan.ts'
import { withRawTensors } from './raw-tensors.ts'
import { measureAll } from './runs.ts'
import { streamWarnings } from './stream-answers.ts'

/** Throws InputError if the target or the options cannot be used, and the signal's reason if it is aborted. */
export async function load(target: string, given: Partial<LoadOptions>): Promise<LoadDocument> {
  const asked = { ...LOAD_DEFAULTS, ...given, protocol: given.protocol ?? protocolOf(target, given) }
  const { options, unstated } = withLoad(asked, given.arrivals !== undefined)
  const kind = kindOf(target, options)
  const plan = { ...planOf(options), ...unstated, ...(await tokenCounter(options)) }
  if (kind !== 'model') {
    const opened = await openRemote(target, kind, options)
    return diagnosed(await withRawTensors(await measured(opened, plan, options), { address: target, opened, plan, options }))
  }
  const { trials, onProgress: progress = () => {} } = options
  return inTemporaryFolder((folder) => {
    const unlocked: string[] = []
    const work = async () => {
      progress({ stage: 'starting the server', done: 0, of: 1 })
      const opened = await openModelTarget(target, options, folder)
      try {
        const document = await measured({ ...opened, warnings: [...unlocked, ...opened.warnings] }, plan, options)
        return diagnosed(await withAlternatives(document, { file: target, opened, plan, options, folder }))
      } finally {
        opened.close()
      }
    }
    return withMachineLock({ trials, progress }, work, unlocked)
  })
}

/** Address of a model by the Open Inference Protocol, with or without what is done with it. */
const OIP_MODEL = /\/v2\/models\/[^/?]+(\/versions\/[^/?]+)?(\/infer)?\/?$/

/** Such an address is asked for predictions unless the request is given: a GET of it would measure the metadata. */
function protocolOf(target: string, given: Partial<LoadOptions>): LoadOptions['protocol'] {
  const { bodies = [], method = null, goodput = null, tokenizer = null } = given
  const saysRequest = bodies.length > 0 || [method, goodput, tokenizer].some((one) => one !== null)
  return isAddress(target) && OIP_MODEL.test(target) && !saysRequest ? 'oip' : 'http'
}

/** If no load is stated: one request at a time, which no server minds. */
function withLoad(options: LoadOptions, isReplay: boolean): { options: LoadOptions; unstated: Partial<Plan> } {
  const { rates, clients, slo } = options
  if (rates.length > 0 || clients.length > 0 || slo !== null || isReplay) return { options, unstated: {} }
  const warning =
    "no load was stated, so that requests came one at a time: state one with --rate 50,100,200, --slo 'p99<20ms' or --concurrency 8"
  return { options: { ...options, clients: [1] }, unstated: { warnings: [warning] } }
}

/** Throws InputError if the tokenizer cannot be used. */
async function tokenCounter({ tokenizer, openTokenizer }: LoadOptions): Promise<Pick<Plan, 'countTokens'>> {
  if (tokenizer === null) return {}
  if (openTokenizer === undefined) throw new InputError(`--tokenizer ${tokenizer}: nothing here reads it; leave it out`)
  return { countTokens: await openTokenizer(tokenizer) }
}

function openRemote(address: string, kind: 'http' | 'oip', options: LoadOptions): Promise<OpenedTarget> {
  if (isGrpc(address)) return openGrpcTarget(address, options)
  return kind === 'oip' ? openOipTarget(address, options, null) : openHttpTarget(address, options)
}

async function measured(opened: OpenedTarget, plan: Plan, options: LoadOptions): Promise<LoadDocument> {
  options.onProgress?.({ stage: 'the generator itself', done: 0, of: 1 })
  const most = plan.rates.length > 0 ? Math.max(...plan.rates) : null
  const ceiling = options.ceiling ?? (await measureCeiling(opened.target, most, options.signal))
  const runs = await measureAll(opened, plan, options, ceiling.ceilingPerSecond)
  const answers = await compareAnswers(
    runs.measured.flatMap(({ kept }) => kept),
    { target: opened.target, shown: opened.described.name, timeoutMs: options.timeoutSeconds * 1000, signal: options.signal },
  )
  const audit = { ...auditOf(runs.measured, ceiling), answers }
  const { setup } = opened
  const points = runs.measured.map(({ point }) =>
    setup === null ? point : { ...point, theory: theoryOf(point, setup, plan.described) },
  )
  const { cpu, usableCpus, quotaCpus, node } = machineOf(options.trials)
  const document: Omit<LoadDocument, 'answer'> = {
    ...documentHead('whyslow-load/1'),
    target: opened.described,
    arrivals: plan.described,
    machine: { cpu, usableCpus, quotaCpus, node },
    points,
    found: runs.found,
    search: runs.search,
    audit,
    findings: [],
    setup,
    alternatives: [],
    warnings: [...plan.warnings, ...opened.warnings, ...streamWarnings(points), ...answerWarnings(answers)],
  }
  return diagnosed({ ...document, answer: answerOf(document) })
}

function diagnosed(document: LoadDocument): LoadDocument {
  const verdicts = runRules(loadRules, loadEvidence(document))
  return {
    ...document,
    findings: verdicts.flatMap((one) => {
      if (one.verdict !== 'found') return []
      const { nodes: _, places: __, next: ___, ...finding } = one.finding
      return [finding]
    }),
    clear: rulesWith('clear', verdicts),
    doesNotApply: rulesWith('does-not-apply', verdicts),
    notChecked: notChecked(verdicts),
  }
}

/** Throws InputError if it is none, or the options are for another kind. */
function kindOf(target: string, options: LoadOptions): 'model' | 'http' | 'oip' {
  const { bodies, headers, method, data, batch, shapes, values, labels, pictures } = options
  const asked = (flags: Readonly<Record<string, unknown>>) =>
    Object.entries(flags).find(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))?.[0]
  const ofServers = asked({
    '--body': bodies,
    '--http-method': method,
    '--goodput': options.goodput,
    '--tokenizer': options.tokenizer,
  })
  const inputs = { '--data': data, '--batch': batch, '--labels': labels, '--image-preprocessing': pictures }
  const ofInputs = asked({ ...inputs, '--shape': [...shapes.keys()], '--value': [...values.keys()] })
  const { workers, threads, engine, queue, maxBatch, batchDelayMs, deadlineSeconds } = options
  const ofSetup = asked({
    '--workers': workers,
    '--threads': threads,
    '--engine': engine,
    '--queue-size': queue,
    '--max-batch': maxBatch,
    '--batch-delay': batchDelayMs || null,
    '--deadline': deadlineSeconds,
  })
  if (!isAddress(target)) {
    if (!fs.existsSync(target))
      throw new InputError(
        `${target}: no address, and no model or folder of that name; give one, as in http://127.0.0.1:8080/predict or model.onnx`,
      )
    const wrong = ofServers ?? (headers.length > 0 ? '--header' : undefined)
    if (wrong !== undefined) throw new InputError(`${wrong}: is for addresses; what a model predicts with is given by --data`)
    return 'model'
  }
  if (ofSetup !== undefined)
    throw new InputError(`${ofSetup}: ${target} is a server that runs already; leave it out, or give a model`)
  if (options.protocol === 'http' && !isGrpc(target)) {
    if (ofInputs === undefined) return 'http'
    throw new InputError(`${ofInputs}: is for models; give --protocol oip where the server speaks it, else --body`)
  }
  if (ofServers === undefined) return 'oip'
  const or = isGrpc(target) ? '' : ', or --protocol oip'
  throw new InputError(`${ofServers}: requests are made of the model's metadata; leave it out${or}`)
}
