// The public API: what whyslow's own command line is made of.

export type { Area, Finding, Verdict } from '@whyslow/diagnosis/rule.ts'
export { readModel } from '@whyslow/formats/index.ts'
export { InputError } from '@whyslow/graph/input-error.ts'
export type { Model, ModelSource, WeightSource } from '@whyslow/graph/model.ts'
export type { Cost } from '@whyslow/graph/operators/types.ts'
export type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
export { viewGraph } from '@whyslow/graph/view.ts'
export type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
export type { Experiment, Latency, LatencyBlock, Profile, ProfiledNode, Sweep } from '@whyslow/measure/timing/types.ts'
export { analyze } from '@whyslow/model/analyze/analyze.ts'
export type { Breakdown, BreakdownPart } from '@whyslow/model/analyze/breakdown.ts'
export type { NodeCost, NodeCosts } from '@whyslow/model/analyze/costs.ts'
export type { ModelRule as Rule } from '@whyslow/model/diagnose/rule.ts'
export type { EngineFacts, Evidence, InputFacts } from '@whyslow/model/evidence/evidence.ts'
export type { CheckDocument } from '@whyslow/report/documents/check.ts'
export type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
export type { ConvertDocument } from '@whyslow/report/documents/convert.ts'
export type { DistillDocument } from '@whyslow/report/documents/distill.ts'
export type { EstimateDocument } from '@whyslow/report/documents/foretold.ts'
export type { HistoryDocument, HistoryEntry } from '@whyslow/report/documents/history.ts'
export type { LintDocument } from '@whyslow/report/documents/lint.ts'
export type { LiteQuantizeDocument } from '@whyslow/report/documents/lite-quantize.ts'
export type { ReportDocument } from '@whyslow/report/documents/report.ts'
export type { StudyDocument } from '@whyslow/report/documents/study.ts'
export { renderComparison } from '@whyslow/report/text/comparison-text.ts'
export { renderEstimate } from '@whyslow/report/text/foretold-text.ts'
export { renderJson } from '@whyslow/report/text/json.ts'
export { renderLint } from '@whyslow/report/text/lint-text.ts'
export { renderStudy } from '@whyslow/report/text/study-text.ts'
export { renderTerminal } from '@whyslow/report/text/terminal.ts'
export { renderFix } from '@whyslow/report/text/trials.ts'
export {
  type CheckOptions,
  type CompareOptions,
  type ConvertOptions,
  check,
  compare,
  convert,
  type DistillOptions,
  describeMachine,
  distill,
  type EstimateOptions,
  estimate,
  explain,
  type FixOptions,
  type FixOutcome,
  type FleetOptions,
  fix,
  fleet,
  type LintOptions,
  lint,
  listEngines,
  type PipelineOptions,
  pipeline,
  type QuantizeLiteOptions,
  type QuantizeOptions,
  quantize,
  quantizeLite,
  readHistory,
  readStore,
  type StageProgress,
  type StudyOptions,
  study,
  type WhyOptions,
  why,
} from './compose/index.ts'
