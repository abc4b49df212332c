// The public API: what whyslow's own command line is made of.
export type { Area, Breakdown, BreakdownPart } from './analyze/breakdown.ts'
export type { NodeCost, NodeCosts } from './analyze/costs.ts'
export { analyze } from './assemble.ts'
export type { Finding, Rule, Verdict } from './diagnose/rule.ts'
export type { EngineFacts, Evidence, InputFacts } from './evidence/evidence.ts'
export { readModel } from './formats/index.ts'
export { InputError } from './graph/input-error.ts'
export type { Model, ModelSource, WeightSource } from './graph/model.ts'
export type { GraphView, NodeView, TensorType } from './graph/types.ts'
export { viewGraph } from './graph/view.ts'
export type { Machine, Roofs } from './machine/types.ts'
export type { Experiment, Latency, LatencyBlock, Profile, ProfiledNode, Sweep } from './measure/timing/types.ts'
export type { Cost } from './operators/types.ts'
export type { CheckDocument } from './report/check.ts'
export type { ComparisonDocument } from './report/comparison.ts'
export { renderComparison } from './report/comparison-text.ts'
export type { ReportDocument } from './report/document.ts'
export type { HistoryDocument, HistoryEntry } from './report/history.ts'
export { renderJson } from './report/json.ts'
export { renderLint } from './report/lint.ts'
export type { LintDocument } from './report/lint-document.ts'
export { renderTerminal } from './report/terminal.ts'
export { renderFix } from './report/trials.ts'
export {
  type CheckOptions,
  type CompareOptions,
  check,
  compare,
  describeMachine,
  explain,
  type Fixed,
  type FixOptions,
  fix,
  type LintOptions,
  lint,
  listEngines,
  type QuantizeOptions,
  quantize,
  readHistory,
  type StageProgress,
  type WhyOptions,
  why,
} from './whyslow.ts'
