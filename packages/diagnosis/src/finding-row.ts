// A finding as documents have it.
import type { ReportFinding } from '@whyslow/report/documents/report.ts'
import type { DocumentedCommand } from './documented-command.ts'
import type { Finding } from './rule.ts'

/** `typed`: the command that it leads to. */
export function findingRow(finding: Finding, typed: DocumentedCommand | null): ReportFinding {
  const { rule, area, title, detail, timeMs, wouldSaveMs, savingUnknown, basis, nodes, facts, places } = finding
  return {
    ...{
      rule,
      area,
      title,
      detail,
      timeMs,
      wouldSaveMs,
      ...(savingUnknown === undefined ? {} : { savingUnknown }),
      basis,
      nodes,
    },
    ...(typed ?? { next: null, run: null }),
    ...{ facts, places: places.map(({ file, line, function: name }) => ({ file, line, function: name })) },
  }
}
