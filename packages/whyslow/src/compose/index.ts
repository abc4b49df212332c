// All verbs, each with what it needs of other products: what the command line and the library are made of. A verb's modules are loaded when it is
// called; explain() and what keeps the history answer at once, so that theirs are loaded with this one.

import { onDemand } from '@whyslow/graph/on-demand.ts'

export type { AbOptions } from '@whyslow/code/commands/ab/ab.ts'
export type { GapOptions } from '@whyslow/code/commands/explain-gap/explain-gap.ts'
export type { PipelineOptions } from '@whyslow/code/commands/pipeline/options.ts'
export type { WatchOptions } from '@whyslow/code/commands/watch/options.ts'
export type { WhyOptions } from '@whyslow/command/options.ts'
export type { StageProgress } from '@whyslow/command/progress.ts'
export { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
export type { EstimateOptions } from '@whyslow/fleet/estimate/estimate-on-machine.ts'
export type { FleetOptions } from '@whyslow/fleet/fleet.ts'
export { appendHistory, checkHistory, entriesOf, entryOf, readHistory, readStore } from '@whyslow/fleet/history/history.ts'
export type { AgentOptions } from '@whyslow/fleet/queue/agent-command.ts'
export type { QueueOptions } from '@whyslow/fleet/queue/fleet-command.ts'
export type { StudyOptions } from '@whyslow/fleet/study/study-command.ts'
export type { EmbedOptions } from '@whyslow/generation/commands/embed/options.ts'
export type { GenerateOptions } from '@whyslow/generation/commands/generate/options.ts'
export type { CheckOptions } from '@whyslow/model/commands/check.ts'
export type { CompareOptions } from '@whyslow/model/commands/compare/options.ts'
export type { ConvertOptions } from '@whyslow/model/commands/convert.ts'
export { writeDemoModel } from '@whyslow/model/commands/demo-model.ts'
export type { DistillOptions } from '@whyslow/model/commands/distill.ts'
export { explain } from '@whyslow/model/commands/explain.ts'
export type { FixOutcome } from '@whyslow/model/commands/fix/fix.ts'
export type { FixOptions } from '@whyslow/model/commands/fix/options.ts'
export type { LintOptions } from '@whyslow/model/commands/lint.ts'
export type { QuantizeOptions } from '@whyslow/model/commands/quantize.ts'
export type { QuantizeLiteOptions } from '@whyslow/model/commands/quantize-lite.ts'
export type { LoadOptions } from '@whyslow/serving/commands/load/options.ts'
export type { ServeOptions } from '@whyslow/serving/commands/serve/serve.ts'

/**
 * Measures one prediction of the model in a file and says why it is slow.
 * Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted.
 */
export const why = onDemand('why', () => import('@whyslow/model/commands/why.ts'))

/** Tries remedies on a model and writes what is proven faster into a folder. Throws as `why` does. */
export const fix = onDemand('fix', () => import('./fix.ts'))

/** Tries faster ways to run the models of a Python or JavaScript program. Throws InputError if the file cannot be used, or fails. */
export const fixProgram = onDemand('fixProgram', () => import('./fix.ts'))

/** Tries remedies on a model that generates text. Throws as `why` does; then nothing is written. */
export const fixGenerator = onDemand('fixGenerator', () => import('@whyslow/generation/commands/fix/fix-generator.ts'))

/** Quantizes what pays and writes what is proven. Throws as `fix` does. */
export const quantize = onDemand('quantize', () => import('@whyslow/model/commands/quantize.ts'))

/** Writes a model as quantized TFLite. Throws InputError if the model, its inputs or the file to write cannot be used; then nothing is written. */
export const quantizeLite = onDemand('quantizeLite', () => import('@whyslow/model/commands/quantize-lite.ts'))

/** Looks at a quantized model, and with `repair` writes what is proven of a repaired one. Throws as `why` does. */
export const lint = onDemand('lint', () => import('@whyslow/model/commands/lint.ts'))

/** Looks at a model that generates text. Throws InputError if it is none, or a file of it cannot be read. */
export const lintGenerator = onDemand('lintGenerator', () => import('@whyslow/generation/commands/lint/lint-generator.ts'))

/** Measures models in turns and compares them. Throws as `why` does. */
export const compare = onDemand('compare', () => import('./compare.ts'))

/** Measures a model against its limit, its baseline or its history. Throws as `why` does. */
export const check = onDemand('check', () => import('./fleet.ts'))

/** Writes a model in another format. Throws InputError if it cannot be read or written; then nothing is. */
export const convert = onDemand('convert', () => import('@whyslow/model/commands/convert.ts'))

/** Trains smaller models on what a model answers. Throws InputError if the model or the data cannot be used; then nothing is written. */
export const distill = onDemand('distill', () => import('@whyslow/model/commands/distill.ts'))

/** Measures the user's own code, and by `why` the model that it runs. Throws InputError if the file cannot be used, or fails. */
export const pipeline = onDemand('pipeline', () => import('./pipeline.ts'))

/** Compares two programs in turns. Throws InputError if a file cannot be used, or a program in it fails. */
export const ab = onDemand('ab', () => import('@whyslow/code/commands/ab/ab.ts'))

/** Says how the model alone and the program around it differ. Throws InputError if the file cannot be used, is a script, or fails. */
export const explainGap = onDemand('explainGap', () => import('@whyslow/code/commands/explain-gap/explain-gap.ts'))

/** Starts the user's command and watches it while requests arrive. Throws InputError if it cannot be started or asked. */
export const watch = onDemand('watch', () => import('./watch.ts'))

/** Measures the generation of text. Throws as `why` does. */
export const generate = onDemand('generate', () => import('@whyslow/generation/commands/generate/generate.ts'))

/** Measures embeddings of texts. Throws as `why` does. */
export const embed = onDemand('embed', () => import('@whyslow/generation/commands/embed/embed.ts'))

/** Serves a model. Throws InputError if the model, the engine or the port cannot be used. */
export const serve = onDemand('serve', () => import('@whyslow/serving/commands/serve/serve.ts'))

/** Asks a server, or a model that is served for it, more and more often. Throws InputError if the target or the options cannot be used. */
export const load = onDemand('load', () => import('./load.ts'))

/** `why` of every model on every engine and batch. Throws InputError if the files or the options cannot be used. */
export const fleet = onDemand('fleet', () => import('./fleet.ts'))

/** As `fleet`, by the machines that read a queue. Throws InputError if the queue cannot be used. */
export const fleetByQueue = onDemand('fleetByQueue', () => import('@whyslow/fleet/queue/fleet-command.ts'))

/** `why` of what a queue holds. Throws InputError if the queue cannot be used. */
export const agent = onDemand('agent', () => import('./fleet.ts'))

/** `why` here, and what it says of a machine that is only described. Throws as `why` does. */
export const estimate = onDemand('estimate', () => import('./fleet.ts'))

/** Ranks and compares many reports. Throws InputError if a file holds no reports, or the store cannot be used. */
export const study = onDemand('study', () => import('@whyslow/fleet/study/study-command.ts'))

/** A table's columns as Parquet. Throws InputError if the package that writes it is absent. */
export const tableParquet = onDemand('tableParquet', () => import('@whyslow/fleet/table-parquet.ts'))

/** Facts and measured roofs of this computer. */
export const describeMachine = onDemand('describeMachine', () => import('@whyslow/model/commands/machine.ts'))

/** The engines that can run, what installs the others, and how quiet the machine is. */
export const doctor = onDemand('doctor', () => import('@whyslow/model/commands/doctor.ts'))

/** The engines with their versions; of those that cannot run, why and what installs them. */
export const listEngines = onDemand('listEngines', () => import('@whyslow/model/commands/engines.ts'))
