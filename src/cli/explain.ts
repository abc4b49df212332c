// `whyslow explain EVIDENCE`: diagnoses again from what `--save-evidence` wrote; no engine, no measuring.
import { renderJson } from '../report/json.ts'
import { renderTerminal } from '../report/terminal.ts'
import { readEvidence } from './evidence-file.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { checkTarget, writeTarget } from './write-file.ts'

/** Runs the command; UsageError where the file is not evidence or the output cannot be written. */
export async function runExplain(
  file: string,
  flags: { json?: string },
  screen: Screen,
  load: () => Promise<Stages>,
): Promise<void> {
  const evidence = readEvidence(file)
  const target = flags.json === undefined || flags.json === '-' ? undefined : checkTarget(flags.json, '--json', file)
  const { explain } = await load()
  const report = explain(evidence)
  if (target !== undefined) writeTarget(target, renderJson(report), '--json')
  await screen.print(flags.json === '-' ? renderJson(report) : renderTerminal(report, screen))
  if (target !== undefined) screen.say(`whyslow: wrote report document: ${flags.json}\n`)
}
