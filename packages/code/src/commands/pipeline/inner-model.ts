// The model file that the user's predict runs, measured alone with the reference engine: what its nodes and its areas are. What is unknown
// of it (the shapes that predict feeds) is taken from the run.
import type { Why } from '@whyslow/command/why-port.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { PipelineEvidence } from '../../evidence.ts'
import type { SessionFact } from '../../facts.ts'
import type { PipelineOptions } from './options.ts'

export type InnerReport = { readonly report: ReportDocument } | { readonly reason: string }

/** Below this share of a prediction its nodes are not what anybody asks about. */
const WORTH_SHARE = 0.02

export async function innerModel(
  evidence: PipelineEvidence,
  options: Pick<PipelineOptions, 'onProgress' | 'signal'>,
  why: Why,
): Promise<InnerReport> {
  const session = mainSession(evidence)
  if (session === null) return { reason: 'no session of an engine was seen at work' }
  if (session.modelFile === null) return { reason: `the file of the model that ${session.engine} runs is not known` }
  if (session.runMs < WORTH_SHARE * evidence.latency.p50Ms) return { reason: 'the model takes next to nothing of it' }
  options.onProgress?.({ stage: 'measuring the model alone', done: 0, of: 1 })
  try {
    const { report } = await why(session.modelFile, {
      quick: true,
      threads: session.threads,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    return { report }
  } catch (error) {
    options.signal?.throwIfAborted()
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

/** The one that takes most. */
export function mainSession({ sessions = [] }: Pick<PipelineEvidence, 'sessions'>): SessionFact | null {
  return [...sessions].sort((a, b) => b.runMs - a.runMs)[0] ?? null
}
