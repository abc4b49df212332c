// A finding as documents have it.
import type { Finding } from '../diagnose/rule.ts'
import type { ReportDocument } from '../report/documents/report.ts'
import type { DocumentedCommand } from './command-to-type.ts'

/** `typed`: the command that it leads to. */
export function findingRow(finding: Finding, typed: DocumentedCommand | null): ReportDocument['findings'][number] {
  const { rule, area, title, detail, timeMs, wouldSaveMs, savingUnknown, basis, nodes, facts, places } = finding
  return {
    ...{ rule, area, title, detail, timeMs, wouldSaveMs },
    ...(savingUnknown === undefined ? {} : { savingUnknown }),
    ...{ basis, nodes: [...nodes], ...(typed ?? { next: null, run: null }), facts: facts.map((fact) => ({ ...fact })) },
    places: places.map(({ file, line, function: name }) => ({ file, line, function: name })),
  }
}
