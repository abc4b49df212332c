// `whyslow explain EVIDENCE`: diagnoses again from what `--save-evidence` wrote; no engine, no measuring.

import { readEvidence } from '../evidence/file.ts'
import { renderTerminal } from '../report/text/terminal.ts'
import { documentOutput } from './document-output.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command; UsageError where the file is not evidence or the output cannot be written. */
export async function runExplain(
  file: string,
  flags: { json?: string },
  { screen, load }: Pick<Surroundings, 'screen' | 'load'>,
): Promise<void> {
  const evidence = readEvidence(file)
  const output = documentOutput(flags.json, file)
  const { explain } = await load()
  const report = explain(evidence)
  await output.deliver(screen, { document: report, name: 'report document', text: () => renderTerminal(report, screen) })
}
