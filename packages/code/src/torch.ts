// What rules ask of a PyTorch model whose time was divided: what dispatch costs, how a setting did, what to type next.
import { type NextCommand, nextCommand } from '@whyslow/diagnosis/next-command.ts'
import type { Area, Outcome, Place } from '@whyslow/diagnosis/rule.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { TorchFacts, TorchSection, TorchSetting, TorchTimes, TorchTrial } from '@whyslow/report/documents/report-torch.ts'
import type { PipelineEvidence } from './evidence.ts'

/** What starting operators takes: their count times what an operator costs that has nothing to compute. null: they were not counted. */
export function dispatchOf({ operatorsPerPrediction, operatorNs, moduleCalls, moduleNs, p50Ms }: TorchFacts): number | null {
  if (operatorsPerPrediction === null) return null
  return Math.min(p50Ms, (operatorsPerPrediction * operatorNs + moduleCalls * moduleNs) / 1e6)
}

/** Its share of the model's time. */
export const dispatchShare = ({ dispatchMs, p50Ms }: TorchSection): number | null =>
  dispatchMs === null || p50Ms <= 0 ? null : dispatchMs / p50Ms

/** The share of the model's time from which on starting operators is what to look at; below it, their kernels are. */
export const DISPATCH_SHARE = 0.2

/** Settings are timed on the model after eval() and within inference_mode(). */
export const WITHOUT_TRAINING = ['training-mode', 'gradient-tracking'] as const

interface TorchRule {
  readonly id: string
  readonly area: Area
  readonly title: string
  readonly after?: readonly string[]
  check(torch: TorchSection, evidence: Pick<PipelineEvidence, 'latency' | 'target' | 'patterns' | 'lines'>): Outcome
}

/** What `defineRule` takes, of a rule about a PyTorch model: it applies where the user's code calls one. */
export const ofTorch = ({ id, area, title, after, check }: TorchRule) =>
  ({
    id,
    area,
    title,
    languages: ['python'],
    needs: ['sessions', 'latency', 'target'],
    wants: ['torch', 'patterns', 'lines'],
    ...(after === undefined ? {} : { after }),
    check({
      torch,
      sessions,
      latency,
      target,
      patterns = [],
      lines = [],
    }: Pick<PipelineEvidence, 'latency' | 'target' | 'torch' | 'patterns' | 'lines'> &
      Required<Pick<PipelineEvidence, 'sessions'>>): Outcome<'torch'> {
      if (torch !== undefined) return check(torch, { latency, target, patterns, lines })
      const isMissing = sessions.some(({ engine }) => engine === 'pytorch')
      return isMissing
        ? { notChecked: 'the time of the PyTorch model was not divided by module', missing: 'torch' }
        : 'does-not-apply'
    },
  }) as const

/** Time of one prediction, as the undisturbed passes have it, for a time of the pass that divides the model's time. */
export const undisturbedMs = (timeMs: number, { predictionMs }: TorchSection, p50Ms: number): number =>
  predictionMs > 0 ? Math.min(p50Ms, (timeMs * p50Ms) / predictionMs) : Math.min(p50Ms, timeMs)

/** The model's part of a prediction. */
export const modelMs = (torch: TorchSection, p50Ms: number): number => undisturbedMs(torch.p50Ms, torch, p50Ms)

export interface Won {
  readonly trial: TorchTrial
  readonly times: TorchTimes
  /** Milliseconds that a prediction loses. */
  readonly savedMs: number
}

/** The trials of this setting that are surely faster, the best first. */
export function wonBy(torch: TorchSection, id: TorchSetting, p50Ms: number): Won | null {
  const won = torch.trials.flatMap((trial) => {
    const { times } = trial
    if (trial.id !== id || times === null || verdictOf(times) !== 'slower') return []
    return [{ trial, times, savedMs: modelMs(torch, p50Ms) * (1 - 1 / times.ratio) }]
  })
  return won.sort((a, b) => b.savedMs - a.savedMs)[0] ?? null
}

/** The finding's numbers where a setting was surely faster. */
export const savedBy = (torch: TorchSection, { savedMs }: Won, p50Ms: number) => ({
  timeMs: modelMs(torch, p50Ms),
  wouldSaveMs: savedMs,
  basis: 'measured' as const,
  places: placesOfModel(torch),
})

/** Whether the setting was tried, and timed. */
export const isTimed = ({ trials }: TorchSection, setting: TorchSetting): boolean =>
  trials.some(({ id, times }) => id === setting && times !== null)

/** Outputs that differ by rounding alone. */
export const isSame = ({ equal }: TorchTrial): boolean => equal === 'bits' || equal === 'rounding'

export const placesOfModel = ({ ran }: TorchSection): readonly Place[] => (ran === null ? [] : [ran])

/** `fix` of a Python program replaces its models; a script has no function to prove it with. */
export const fixOfProgram = ({ target }: Pick<PipelineEvidence, 'target'>): NextCommand | null =>
  target.kind === 'script' ? null : nextCommand('fix', { placeholder: 'MODEL' }, '-o', 'fast/')

/** Where a file gives its model, `fix` takes it. */
export const fixOf = ({ target }: Pick<PipelineEvidence, 'target'>): NextCommand | null =>
  target.givesModel === true ? nextCommand('fix', { placeholder: 'MODEL' }, '-o', 'fast/') : null
