// The report on a terminal: the sentence, one bar for the three areas, where the time goes, at most five findings, then what
// was checked, what was not, what was assumed, and how far the numbers can be trusted. Drawn from the report document alone.
import type { ReportDocument, ReportFinding, ReportLatency } from '../documents/report.ts'
import { areaBar } from './area-bar.ts'
import { measuredWith } from './measured-with.ts'
import { nodeList } from './names.ts'
import { nodeTable } from './node-table.ts'
import { time } from './numbers.ts'
import { type Colours, linked, page, paper, type TerminalOptions, warningLines } from './page.ts'
import { rooflinePlot } from './plots/roofline-plot.ts'
import { asTyped, hang, quoted, wrap, wrapCommand } from './wrap.ts'

type Finding = ReportFinding

// More than five compete with each other; the others are in the JSON document.
const mostFindings = 5

/** The whole report as text that ends with a line end. Pure. */
export function renderTerminal(given: ReportDocument, options: TerminalOptions): string {
  const doc = withCommand(given, options.command)
  const { width, colours } = paper(options)
  return page([
    wrap(doc.answer, width).map(colours.bold),
    areaBar(doc.areas, width, colours),
    nodeTable(doc, width, colours),
    options.roofline ? rooflinePlot(doc, width, colours) : [],
    findings(doc, width, colours, options.pageOf),
    notes(doc, width, colours),
    [...clear(doc, width), ...doesNotApply(doc, width), ...notChecked(doc, width)],
    assumptions(doc, width),
    measuredWith(doc, width),
    warningLines(doc.warnings, width, colours),
  ])
}

/** The document with commands as its reader types them. */
function withCommand(doc: ReportDocument, command: string | undefined): ReportDocument {
  return { ...doc, findings: doc.findings.map((one) => ({ ...one, next: one.next && asTyped(one.next, command) })) }
}

function findings(doc: ReportDocument, width: number, colours: Colours, pageOf: TerminalOptions['pageOf']): string[] {
  const saving = doc.findings.filter((finding) => finding.wouldSaveMs > 0)
  if (saving.length === 0) return doc.clear.length > 0 ? ['Nothing to fix was found.'] : []
  const lines = [colours.bold('What to fix')]
  const told = new Map<string, number>()
  for (const [index, finding] of saving.slice(0, mostFindings).entries()) {
    const page = pageOf?.(finding.rule)
    lines.push(...wrap(finding.title, width, `${index + 1}. `).map((line) => linked(colours.bold(line), page)))
    lines.push(...wrap(finding.detail, width, '   '))
    if (finding.nodes.length > 0) lines.push(...wrap(`Nodes: ${nodeList(finding.nodes, doc.nodes)}`, width, '   '))
    lines.push(...wrap(saves(finding, doc.latency), width, '   ').map(colours.green))
    lines.push(...next(finding, index + 1, told, width).map(colours.cyan))
  }
  const left = saving.length - mostFindings
  if (left > 0) lines.push(...wrap(`${left} more with smaller savings: --json writes all of them.`, width))
  return lines
}

function saves(finding: Finding, latency: ReportLatency | null): string {
  const upTo = finding.basis === 'modelled' ? 'up to ' : ''
  const whole = latency === null ? '' : ` of ${time(latency.p50Ms)}`
  return `Would save ${upTo}${time(finding.wouldSaveMs)}${whole} (${finding.basis}; ${finding.area})`
}

/** `told`: the commands so far, and the number of the finding that tells each. */
function next({ next }: Finding, number: number, told: Map<string, number>, width: number): string[] {
  if (next === null) return []
  const before = told.get(next)
  if (before !== undefined) return [`   Next: as for ${before}`]
  told.set(next, number)
  return wrapCommand(next, width, '   Next: ')
}

function notes(doc: ReportDocument, width: number, colours: Colours): string[] {
  const facts = doc.findings.filter((finding) => finding.wouldSaveMs <= 0)
  if (facts.length === 0) return []
  const lines = facts.flatMap((fact) => [
    ...wrap(`${fact.title}: ${fact.detail}`, width, '- '),
    ...(fact.next === null ? [] : wrapCommand(fact.next, width, '  Next: ').map(colours.cyan)),
  ])
  return [colours.bold('Worth knowing'), ...lines]
}

function clear(doc: ReportDocument, width: number): string[] {
  if (doc.clear.length === 0) return []
  return hang(`Checked and fine: ${doc.clear.join(', ')}.`, width)
}

function doesNotApply({ doesNotApply = [] }: ReportDocument, width: number): string[] {
  if (doesNotApply.length === 0) return []
  return hang(`Does not apply: ${doesNotApply.join(', ')}.`, width)
}

function notChecked(doc: ReportDocument, width: number): string[] {
  if (doc.notChecked.length === 0) return []
  const byReason = new Map<string, string[]>()
  for (const { rule, reason } of doc.notChecked) byReason.set(reason, [...(byReason.get(reason) ?? []), rule])
  const parts = [...byReason].map(([reason, rules]) => `${rules.join(', ')} (${reason})`)
  return hang(`Not checked: ${parts.join('; ')}.`, width)
}

function assumptions(doc: ReportDocument, width: number): string[] {
  const inputs = doc.model?.inputs ?? []
  const lines = inputs
    .filter(({ assumptions }) => assumptions.length > 0)
    .flatMap(({ name, shape, assumptions }) => {
      const byBatch = assumptions.every(({ flag }) => flag === '--batch')
      const flag = byBatch ? '--batch 1' : `--shape ${quoted(`${name}=${shape.join('x')}`)}`
      return [
        ...hang(`Assumed for input ${name}: ${assumptions.map(({ text }) => text).join(', ')}.`, width),
        ...wrapCommand(flag, width, '  To change it: '),
      ]
    })
  const synthetic = inputs.filter((input) => input.source === 'synthetic').map((input) => input.name)
  if (synthetic.length === 0) return lines
  const names =
    synthetic.length > 4 ? `${synthetic.slice(0, 3).join(', ')} and ${synthetic.length - 3} more` : synthetic.join(', ')
  const label = synthetic.length === 1 ? 'Synthetic input' : 'Synthetic inputs'
  lines.push(...hang(`${label}: ${names}. To measure with your own: --data\u00a0PATH`, width))
  return lines
}
