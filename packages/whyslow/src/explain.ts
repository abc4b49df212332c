// `whyslow explain FILE`: diagnoses again from what `--save-evidence` wrote, or from a trace that another tool recorded; no engine, no
// measuring. Which of both it is, the file's content tells.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { readEvidence } from '@whyslow/model/evidence/file.ts'
import { renderTrace, renderTraceComparison } from '@whyslow/report/text/trace-text.ts'
import type { SameModel } from '@whyslow/traces/explain/explain-trace.ts'
import { isWhyslowDocument } from '@whyslow/traces/recordings/index.ts'
import { type FlagsOf, optionsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'

type Around = Pick<Surroundings, 'screen' | 'load'>

/** Runs the command; UsageError if a file is neither, or the output cannot be written. */
export async function runExplain(files: readonly string[], flags: FlagsOf<'explain'>, around: Around): Promise<void> {
  const [file, after, ...more] = files
  if (file === undefined || more.length > 0) throw new UsageError('explain takes one file, or two traces: before and after')
  if (after !== undefined) return explainTwo([file, after], flags, around)
  if (await isWhyslowDocument(file)) return explainEvidence(file, flags, around)
  const output = documentOutput(flags, [file, flags.machine, flags.model, flags.here])
  if (flags.roofline) throw new UsageError('--roofline is for evidence; a trace of another tool has no measured roofs')
  const { explainTrace, machineRoofs } = await import('@whyslow/traces/explain/index.ts')
  const roofs = flags.machine === undefined ? {} : { machine: machineRoofs(flags.machine) }
  if (flags.here !== undefined && flags.model === undefined)
    throw new UsageError('--here is a report on the model that was recorded; give that, too: --model model.onnx')
  const model = flags.model === undefined ? {} : { model: await sameModel(flags.model, flags.here) }
  const report = await explainTrace(file, { ...options(flags), ...roofs, ...model })
  const { screen } = around
  await output.deliver(screen, { document: report, name: 'report document', text: () => renderTrace(report, screen) })
}

/** Reading models is loaded if one was given: a trace alone is explained at once. */
async function sameModel(file: string, here: string | undefined): Promise<SameModel> {
  const { readSameModel } = await import('@whyslow/traces/explain/same-model.ts')
  return readSameModel(file, here)
}

const options = (flags: FlagsOf<'explain'>) => ({ createdAt: new Date().toISOString(), ...optionsOf('explain', flags) })

async function explainEvidence(file: string, flags: FlagsOf<'explain'>, { screen, load }: Around): Promise<void> {
  if (flags.machine !== undefined) throw new UsageError('--machine is for traces; evidence holds the machine that was measured')
  if (flags.latency !== undefined) throw new UsageError('--latency is for traces; evidence holds the latency that was measured')
  if (flags.model !== undefined || flags.here !== undefined)
    throw new UsageError('--model and --here are for traces; evidence holds the model that was measured')
  const evidence = readEvidence(file)
  const output = documentOutput(flags, [file])
  const { explain } = await load()
  const { renderTerminal } = await import('@whyslow/report/text/terminal.ts')
  const report = explain(evidence)
  await output.deliver(screen, {
    document: report,
    name: 'report document',
    text: () => renderTerminal(report, { ...screen, roofline: flags.roofline ?? false }),
  })
}

async function explainTwo(files: readonly [string, string], flags: FlagsOf<'explain'>, { screen }: Around): Promise<void> {
  if (flags.latency !== undefined) throw new UsageError('--latency is of one trace; give one, or leave it out')
  if (flags.machine !== undefined) throw new UsageError('--machine is of one trace; give one, or leave it out')
  if (flags.model !== undefined || flags.here !== undefined)
    throw new UsageError('--model and --here are of one trace; give one, or leave them out')
  if (flags.roofline) throw new UsageError('--roofline is for evidence; a trace of another tool has no measured roofs')
  if (flags.html !== undefined) throw new UsageError('--html draws one trace; give one, or --json for both')
  for (const file of files)
    if (await isWhyslowDocument(file)) throw new UsageError(`${file}: two files are two traces; evidence is explained alone`)
  const output = documentOutput(flags, files)
  const { compareTraces } = await import('@whyslow/traces/explain/index.ts')
  const document = await compareTraces(files, options(flags))
  await output.deliver(screen, { document, name: 'comparison of traces', text: () => renderTraceComparison(document, screen) })
}
