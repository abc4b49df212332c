// A finding as documents have it.
import type { Finding } from '../diagnose/rule.ts'
import type { ReportDocument } from '../report/documents/report.ts'

export function findingRow(finding: Finding): ReportDocument['findings'][number] {
  const { rule, area, title, detail, timeMs, wouldSaveMs, savingUnknown, basis, nodes, next, facts, places } = finding
  return {
    ...{ rule, area, title, detail, timeMs, wouldSaveMs },
    ...(savingUnknown === undefined ? {} : { savingUnknown }),
    ...{ basis, nodes: [...nodes], next, facts: facts.map((fact) => ({ ...fact })) },
    places: places.map(({ file, line, function: name }) => ({ file, line, function: name })),
  }
}
