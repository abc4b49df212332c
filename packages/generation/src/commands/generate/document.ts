// What was measured as the document: medians over processes, the division, estimates, findings and the sentence. Pure but for the document's date.
import { documentHead } from '@whyslow/command/version.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { GenerationDocument, GenerationSetup } from '@whyslow/report/documents/generation.ts'
import { depthOf, generationAnswer } from '@whyslow/report/text/generation/generation-words.ts'
import { diagnoseGeneration } from '../../diagnose.ts'
import { divide } from '../../divide/divide.ts'
import { type Bandwidth, floorOf, lineOverFloor } from '../../divide/floor.ts'
import { firstTokenLoop, tokenLoop } from '../../divide/loop-times.ts'
import type { StepProfile } from '../../divide/step-profile.ts'
import { estimates, isComputeHidden } from '../../estimate/estimate.ts'
import { lookupOf } from '../../estimate/lookup.ts'
import type { GenerationFacts, KernelRates } from '../../facts.ts'
import type { GeneratorEngine } from '../../generator.ts'
import { cachedShareOf, depthLineOf, severalOf, speedOf, threadsIn } from '../../measure/summarize.ts'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'
import { callFacts } from './call-facts.ts'
import type { GenerateOptions } from './options.ts'
import type { RunPlan } from './plan.ts'
import type { RecognizedSource } from './recognized.ts'

/** All that was measured; a text in place of a part says why it is not there. */
export interface Outcome {
  readonly found: RecognizedSource
  readonly engine: Pick<GeneratorEngine, 'id' | 'title' | 'otherWeights' | 'threadsApart' | 'loop'>
  readonly plan: RunPlan
  readonly machine: Machine
  readonly options: GenerateOptions
  readonly processes: readonly ProcessMeasurement[]
  readonly bandwidth: Bandwidth | string
  readonly token: StepProfile | string
  readonly firstToken: StepProfile | string
  readonly handoffMs: number | null
  /** The engine's kernels by type of weights; empty if they were not measured. */
  readonly kernelRates: KernelRates
  /** What rules want of the graph, and of other numbers of threads. */
  readonly facts: GenerationFacts
  /** Why a fact is not there, by its name. */
  readonly absent: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

export function documentOf(outcome: Outcome): GenerationDocument {
  const { found, engine, machine, options, processes, bandwidth, warnings } = outcome
  const [first] = processes
  const model = {
    ...found.model,
    vocabulary: found.model.vocabulary ?? first!.vocabulary,
    context: found.model.context ?? first!.context,
  }
  const calls = processes.flatMap((one) => one.calls)
  const prefill = processes.flatMap((one) => one.prefill ?? [])
  const setup = setupOf(outcome, calls)
  const speed = speedOf(processes)
  const depth = depthOf(setup)
  const timePerTokenMs = speed.timePerTokenMs?.value ?? null
  const floor = typeof bandwidth === 'string' ? null : floorOf(model, bandwidth, { timePerTokenMs, depth })
  const depthLine = lineOverFloor(depthLineOf(processes), floor)
  const severalTokens = severalOf(processes)
  const common = { floor, line: depthLine, handoffMs: outcome.handoffMs, loopIs: engine.loop }
  const tokenParts =
    timePerTokenMs === null
      ? null
      : divide({
          ...common,
          totalMs: timePerTokenMs,
          depth,
          isFirst: false,
          loop: tokenLoop(calls, prefill),
          step: profileIn(outcome.token),
        })
  const firstTokenParts = divide({
    ...common,
    totalMs: speed.timeToFirstTokenMs.value,
    depth: setup.promptTokens,
    isFirst: true,
    loop: firstTokenLoop(calls, prefill),
    step: profileIn(outcome.firstToken),
  })
  const described = {
    id: engine.id,
    title: engine.title,
    versions: first!.versions,
    threads: threadsIn(processes, options),
    prefillThreads: options.prefillThreads,
  }
  const { cpu, usableCpus, node } = machine
  const measured = {
    ...{ model, engine: described, machine: { cpu, usableCpus, node }, setup, speed },
    ...{ depthLine, severalTokens, tokenParts, firstTokenParts, floor },
    reasons: {
      ...reasonsOf(outcome),
      ...(hidesOtherTypes(outcome, { floor, timePerTokenMs, tokenParts }) ? { otherTypes: HIDDEN } : {}),
    },
  }
  const lookup = lookupOf(calls.flatMap(({ ids, promptTokens }) => (ids === null ? [] : [{ ids, promptTokens: promptTokens! }])))
  return {
    ...documentHead('whyslow-generation/1'),
    answer: generationAnswer(measured),
    ...measured,
    estimates: estimates({
      model,
      timePerTokenMs,
      depth,
      floor,
      line: depthLine,
      several: severalTokens,
      tokenParts,
      lookup,
      ...(outcome.facts.weights === undefined ? {} : { weights: outcome.facts.weights }),
      kernelRates: outcome.kernelRates,
    }),
    ...diagnoseGeneration(
      { ...measured, ...outcome.facts, ...ratesFact(outcome), ...callFacts(outcome), absent: outcome.absent },
      found.source,
      options,
    ),
    warnings,
  }
}

/** Absent: no kernel was timed. */
const ratesFact = ({ kernelRates }: Pick<Outcome, 'kernelRates'>): Pick<GenerationFacts, 'kernelRates'> =>
  Object.keys(kernelRates).length === 0 ? {} : { kernelRates }

const HIDDEN = 'a token takes much longer than reading the weights, and the engine shows no operators'

const hidesOtherTypes = (
  { kernelRates }: Pick<Outcome, 'kernelRates'>,
  measured: Parameters<typeof isComputeHidden>[0],
): boolean => Object.keys(kernelRates).length === 0 && isComputeHidden(measured)

const profileIn = (step: StepProfile | string): StepProfile | null => (typeof step === 'string' ? null : step)

type Tokens = Pick<GenerationSetup, 'promptTokens' | 'newTokens'>

/** Tokens of the middle call; what was requested if the engine does not count them. */
export function tokensOf(calls: readonly Pick<MeasuredCall, 'promptTokens' | 'newTokens'>[], requested: Tokens): Tokens {
  const middle = (of: keyof Tokens) => medianOrNull(calls.map((call) => call[of]).filter((value) => value !== null))
  return {
    promptTokens: Math.round(middle('promptTokens') ?? requested.promptTokens),
    newTokens: Math.round(middle('newTokens') ?? requested.newTokens),
  }
}

function setupOf({ processes, options, plan }: Outcome, calls: readonly MeasuredCall[]): GenerationSetup {
  return {
    ...tokensOf(calls, options),
    prompts: plan.measured.prompts === null && plan.measured.sounds === undefined ? 'made-up' : 'user',
    sampling: 'greedy',
    endIgnored: calls.every(({ endedByItself }) => !endedByItself),
    processes: processes.length,
    callsPerProcess: Math.round(medianOrNull(processes.map((one) => one.calls.length))!),
    cachedShare: cachedShareOf(processes),
    ...encodedSetup(calls),
  }
}

/** Absent: there is no encoder. */
function encodedSetup(calls: readonly Pick<MeasuredCall, 'encoded'>[]): Pick<GenerationSetup, 'encoded'> {
  const inputs = calls.flatMap(({ encoded }) => encoded ?? [])
  const [first] = inputs
  if (first === undefined) return {}
  const { reads, positionMs } = first
  const positions = Math.round(medianOrNull(inputs.map((one) => one.positions - one.emptyPositions))!)
  return { encoded: { reads, positions, soundMs: positionMs === null ? null : positions * positionMs } }
}

function reasonsOf({ processes, bandwidth, token, firstToken, found, plan }: Outcome): Record<string, string> {
  const [first] = processes
  const hasSteps = first!.hasSteps
  const isAddress = found.kind === 'address'
  return {
    ...Object.assign({}, ...processes.map(({ reasons }) => reasons)),
    ...(typeof bandwidth === 'string' ? { floor: bandwidth } : {}),
    ...(typeof token === 'string' ? { operators: token } : {}),
    ...(typeof firstToken === 'string' ? { firstOperators: firstToken } : {}),
    ...(processes.some(({ calls }) => calls.some(({ gapsAre }) => gapsAre === 'chunks'))
      ? { interToken: 'gaps are those between chunks of text, which may hold several tokens' }
      : {}),
    ...(hasSteps ? {} : { severalTokens: "the engine's loop is its own: it cannot be fed several tokens at once" }),
    ...(isAddress ? { tokenParts: 'the model is behind an address', firstTokenParts: 'the model is behind an address' } : {}),
    ...(plan.measured.prompts === null && found.reads === undefined
      ? { lookup: 'prompts were made up: give --prompts to estimate prompt lookup on your own texts' }
      : {}),
  }
}
