// `whyslow explain BEFORE AFTER`: what changed between two recordings of one kind, part by part and operator by operator.
import { toolVersion } from '@whyslow/command/version.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TraceComparisonDocument } from '@whyslow/report/documents/trace-comparison.ts'
import { traceComparisonAnswer } from '@whyslow/report/text/trace-answer.ts'
import { type ExplainTraceOptions, explainTrace } from './explain-trace.ts'

/** Share of the recorded times: the smallest change that is listed. */
const LEAST = 1e-6

/** InputError if a file is no trace. */
export async function compareTraces(
  [before, after]: readonly [string, string],
  options: ExplainTraceOptions,
): Promise<TraceComparisonDocument> {
  // One after the other: each may hold half a gigabyte of events.
  const first = await explainTrace(before, options)
  const second = await explainTrace(after, options)
  const rules = (report: ReportDocument): string[] => report.findings.map(({ rule }) => rule)
  const [had, has] = [rules(first), rules(second)]
  const body = {
    stepRatio: stepRatio(first, second),
    changes: paired(first.breakdown, second.breakdown, ({ part }) => part).map(([part, beforeMs, afterMs]) => ({
      part,
      beforeMs,
      afterMs,
    })),
    operators: paired(first.nodes, second.nodes, ({ opType }) => opType).map(([opType, beforeMs, afterMs]) => ({
      opType,
      beforeMs,
      afterMs,
    })),
    findings: {
      gone: had.filter((rule) => !has.includes(rule)),
      new: has.filter((rule) => !had.includes(rule)),
      stayed: has.filter((rule) => had.includes(rule)),
    },
    warnings: [
      ...unlike(first, second),
      ...first.warnings.map((one) => `before: ${one}`),
      ...second.warnings.map((one) => `after: ${one}`),
    ],
  }
  return {
    schema: 'whyslow-trace-comparison/1',
    tool: { version: toolVersion },
    createdAt: options.createdAt,
    answer: traceComparisonAnswer(body),
    reports: [first, second],
    ...body,
  }
}

/** Steps are compared with steps, and whole recordings with whole ones. */
function stepRatio({ trace: before }: ReportDocument, { trace: after }: ReportDocument): number | null {
  const [a, b] = [before?.judged?.stepMs ?? 0, after?.judged?.stepMs ?? 0]
  const isAlike = before?.format === after?.format && (before?.steps === null) === (after?.steps === null)
  return isAlike && a > 0 && b > 0 ? b / a : null
}

function unlike({ trace: before }: ReportDocument, { trace: after }: ReportDocument): string[] {
  if (before?.format !== after?.format)
    return [`one is a recording of ${before?.format}, the other of ${after?.format}: their times cannot be compared`]
  const flags = (one: typeof before): string => one?.recordedWith.join(', ') || 'times alone'
  if (flags(before) !== flags(after))
    return [`one was recorded with ${flags(before)}, the other with ${flags(after)}: what recording costs differs`]
  const devices = (one: typeof before): string => one?.devices[0]?.name ?? 'no device'
  return devices(before) === devices(after) ? [] : [`recorded on ${devices(before)} and on ${devices(after)}`]
}

/** Times by key before and after, the largest change first. */
function paired<T extends { timeMs: number }>(
  before: readonly T[],
  after: readonly T[],
  key: (one: T) => string,
): [string, number, number][] {
  const sums = new Map<string, [number, number]>()
  for (const [at, rows] of [before, after].entries()) {
    for (const row of rows) {
      const sum = sums.get(key(row)) ?? [0, 0]
      sum[at]! += row.timeMs
      sums.set(key(row), sum)
    }
  }
  const all = [...sums].map(([name, [a, b]]): [string, number, number] => [name, a, b])
  return all.filter(([, a, b]) => Math.abs(b - a) > LEAST).sort((a, b) => Math.abs(b[2] - b[1]) - Math.abs(a[2] - a[1]))
}
