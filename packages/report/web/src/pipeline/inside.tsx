// What engines did within the user's code, and the model file measured alone.
import { percent, significant, time } from '../format.ts'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import type { PipelineReport } from './facts.ts'

/**
 * The model alone as a report, for the charts of one; null if it was not measured. Its latency has a median and nothing else that could be
 * drawn.
 */
export function innerReport(report: PipelineReport): Report | null {
  const { inner } = report.pipeline
  if (inner == null || report.latency === null) return null
  const { answer, p50Ms, breakdown } = inner
  return {
    ...report,
    answer,
    breakdown,
    latency: { ...report.latency, p50Ms, ciLowMs: p50Ms, ciHighMs: p50Ms, samplesMs: [], blocks: [] },
    findings: [],
    pipeline: null,
    stages: null,
    lines: null,
  }
}

export function CallBreakdown({ report: { pipeline, latency } }: { report: PipelineReport }) {
  const { sessions, inner, innerReason } = pipeline
  const p50Ms = latency?.p50Ms ?? null
  return (
    <Figure
      title="What do engines do within it?"
      says={
        inner == null ? (
          innerReason != null && (
            <>
              The model alone was not measured: <Sentence text={innerReason} />.
            </>
          )
        ) : (
          <>
            The model alone, on made-up inputs of the same shapes: <Sentence text={inner.answer} />
          </>
        )
      }
      rows={[]}
      columns={[]}
      note="Sessions are seen in a run of its own, whose times are not latencies. The model alone is measured in processes of its own, without your code."
    >
      <div class="scroll" tabIndex={0} role="region" aria-label="Sessions of engines">
        <table>
          <thead>
            <tr>
              {['engine', 'model file', 'called in', 'runs a prediction', 'time a prediction', 'of the median'].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sessions.map(
              ({ engine, version, modelFile, method, stage, runsPerPrediction, runMs, opensPerPrediction }, index) => (
                <tr key={index}>
                  <td>
                    <Name text={`${engine}${version === null ? '' : ` ${version}`}`} />
                  </td>
                  <td>{modelFile === null ? 'not known' : <Name text={modelFile} most={80} />}</td>
                  <td>
                    <Name text={`${stage ?? 'no stage'}, ${method}`} />
                  </td>
                  <td>
                    {significant(runsPerPrediction)}
                    {opensPerPrediction > 0 && `, opened ${significant(opensPerPrediction)} times`}
                  </td>
                  <td>{time(runMs)}</td>
                  <td>{p50Ms === null || p50Ms <= 0 ? 'not known' : percent(runMs / p50Ms)}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </Figure>
  )
}
