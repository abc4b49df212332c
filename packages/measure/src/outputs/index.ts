// How the outputs of a changed setup compare with the original's.
export { alignOutputs } from './align-outputs.ts'
export { type CompareOptions, compareOutputs } from './compare.ts'
export { rowsFor } from './decision-loss.ts'
export type { Agreement, Metric, MetricName, OpenLoss, OutputAgreement, OutputCheck, OutputMeaning } from './types.ts'
export {
  type AgreementVerdict,
  type AllowedLoss,
  boundOf,
  DEFAULT_LOSS_LIMITS,
  type Loss,
  type LossLimits,
  lossOf,
  SAME_DECISIONS,
  verdict,
} from './verdict.ts'
