// The public API: what whyslow's own command line is made of.

export { analyze } from './analyze/analyze.ts'
export type { Breakdown, BreakdownPart } from './analyze/breakdown.ts'
export type { NodeCost, NodeCosts } from './analyze/costs.ts'
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
  explain,
  type Fixed,
  type FixOptions,
  type FleetOptions,
  type ForetellOptions,
  fix,
  fleet,
  foretell,
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
export type { ModelRule as Rule } from './diagnose/rule.ts'
export type { Area, Finding, Verdict } from './diagnosis/rule.ts'
export type { EngineFacts, Evidence, InputFacts } from './evidence/evidence.ts'
export { readModel } from './formats/index.ts'
export { InputError } from './graph/input-error.ts'
export type { Model, ModelSource, WeightSource } from './graph/model.ts'
export type { GraphView, NodeView, TensorType } from './graph/types.ts'
export { viewGraph } from './graph/view.ts'
export type { Machine, Roofs } from './machine/types.ts'
export type { Experiment, Latency, LatencyBlock, Profile, ProfiledNode, Sweep } from './measure/timing/types.ts'
export type { Cost } from './operators/types.ts'
export type { CheckDocument } from './report/documents/check.ts'
export type { ComparisonDocument } from './report/documents/comparison.ts'
export type { ConvertDocument } from './report/documents/convert.ts'
export type { DistillDocument } from './report/documents/distill.ts'
export type { ForetoldDocument } from './report/documents/foretold.ts'
export type { HistoryDocument, HistoryEntry } from './report/documents/history.ts'
export type { LintDocument } from './report/documents/lint.ts'
export type { LiteQuantizeDocument } from './report/documents/lite-quantize.ts'
export type { ReportDocument } from './report/documents/report.ts'
export type { StudyDocument } from './report/documents/study.ts'
export { renderComparison } from './report/text/comparison-text.ts'
export { renderEstimate as renderForetold } from './report/text/foretold-text.ts'
export { renderJson } from './report/text/json.ts'
export { renderLint } from './report/text/lint-text.ts'
export { renderStudy } from './report/text/study-text.ts'
export { renderTerminal } from './report/text/terminal.ts'
export { renderFix } from './report/text/trials.ts'
