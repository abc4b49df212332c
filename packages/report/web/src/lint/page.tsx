// The page of a quantized model's lint: what was meant to run in int8 and does not, which condition it breaks, and what that costs.
import { madeUpLines } from '@whyslow/report/text/answers/likeness.ts'
import { lintedInputs } from '@whyslow/report/text/lint-text.ts'
import { AnswerPage } from '../answer-page.tsx'
import { bytes, factorRange, intervalOf, percent, plural, time, timeOr } from '../format.ts'
import { NextCommand } from '../kit/copy.tsx'
import { Facts, Reasons, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Name, Sentence, shownName } from '../kit/name.tsx'
import type { Lint } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { RatioRows } from '../pictures/ratio-rows.tsx'

type Unfused = Lint['unfused'][number]

const PARTS: readonly PartOf<Lint>[] = [
  {
    id: 'repair',
    title: 'What was repaired',
    draw: ({ repair }) => repair && <Repair repair={repair} />,
    when: ({ repair }) => repair !== null,
  },
  {
    id: 'float',
    title: 'Runs in float, or apart',
    draw: (lint) => <InFloat lint={lint} />,
    when: ({ unfused }) => unfused.length > 0,
  },
  { id: 'int8', title: 'Runs in few bits', draw: (lint) => <InFewBits lint={lint} />, when: ({ fused }) => fused.length > 0 },
  { id: 'setup', title: 'Measured with', draw: (lint) => <MeasuredWith lint={lint} /> },
]

export function LintPage({ lint, original }: { lint: Lint; original: object }) {
  const canRepair = lint.repair === null && lint.unfused.some(({ mend }) => mend !== null)
  return (
    <AnswerPage
      of={lint.model.file}
      facts={['why is it not faster?', ...(lint.measured === null ? [] : [lint.measured.machine.cpu])]}
      answer={lint.answer}
      parts={partsOf(PARTS, lint)}
      exported={['Lint document (JSON)', 'lint.json', original]}
      beside={<NumberCard lint={lint} />}
      below={<Groups lint={lint} />}
    >
      {canRepair && (
        <NextCommand
          lead="Repair what can be repaired, and keep only what is proven (better with --data, your own samples):"
          command={['fix', lint.model.file, '-o', 'repaired.onnx']}
        />
      )}
    </AnswerPage>
  )
}

function NumberCard({ lint: { measured, unfused, fused } }: { lint: Lint }) {
  return (
    <section class="card number-card" aria-label="Latency">
      <p class="label">One prediction takes (median)</p>
      {measured === null ? (
        <>
          <p class="hero soft">not measured</p>
          <p>Nothing in it is quantized.</p>
        </>
      ) : (
        <>
          <p class="hero">{time(measured.p50Ms)}</p>
          <p class="soft">{intervalOf(measured.p50Ms, measured.ciLowMs, measured.ciHighMs)}</p>
          <div class="trust">
            <span class={`grade grade-${measured.trust}`} role="img" aria-label={`Trust ${measured.trust}`}>
              {measured.trust}
            </span>
            <Reasons reasons={measured.reasons} />
          </div>
        </>
      )}
      <p class="foretold">
        {plural(
          fused.reduce((sum, { nodes }) => sum + nodes, 0),
          'operator',
        )}{' '}
        in few bits, {unfused.length} in float or apart
      </p>
    </section>
  )
}

const MOST_OPEN = 5
const MOST_NAMED = 3

/** Operators grouped by what they break, in the order of the first of each: the document's, the largest saving first. */
function Groups({ lint: { unfused, hazards, measured } }: { lint: Lint }) {
  const groups = new Map<string, Unfused[]>()
  for (const one of unfused) {
    const key = `${one.opType}\n${one.breaks}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const all = [...groups.values()]
  const cards = (shown: readonly Unfused[][], from: number) => (
    <ol class="cards" start={from + 1}>
      {shown.map((rows, index) => (
        <Group key={index} rows={rows} rank={from + index + 1} p50Ms={measured?.p50Ms ?? null} />
      ))}
    </ol>
  )
  return (
    <section class="findings" aria-labelledby="findings">
      <h2 id="findings">{all.length > 0 ? 'What runs in float, and why' : 'What was found'}</h2>
      {all.length === 0 && hazards.length === 0 && <p>Nothing that was meant to run in few bits runs in float.</p>}
      {cards(all.slice(0, MOST_OPEN), 0)}
      {all.length > MOST_OPEN && (
        <details class="more">
          <summary>{plural(all.length - MOST_OPEN, 'more reason')}</summary>
          {cards(all.slice(MOST_OPEN), MOST_OPEN)}
        </details>
      )}
      {hazards.length > 0 && (
        <>
          <h3>Look out for</h3>
          <ul class="cards">
            {hazards.map(({ hazard, title, detail, timeMs }, index) => (
              <li key={index} class="finding edge-software">
                <div class="finding-text">
                  <h4>
                    <Sentence text={title} />
                  </h4>
                  <p class="detail">
                    <Sentence text={detail} />
                  </p>
                </div>
                <p class="soft">
                  {timeMs !== null && <>{time(timeMs)} </>}
                  <code>{shownName(hazard, 40)}</code>
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** null if one of them is not known: a sum of the others would be less than it is. */
function sumOf(rows: readonly Unfused[], of: (row: Unfused) => number | null): number | null {
  const values = rows.map(of)
  return values.includes(null) ? null : values.reduce<number>((sum, ms) => sum + ms!, 0)
}

function Group({ rows, rank, p50Ms }: { rows: readonly Unfused[]; rank: number; p50Ms: number | null }) {
  const first = rows[0]!
  const saving = sumOf(rows, ({ wouldSaveMs }) => wouldSaveMs)
  const more = rows.length - MOST_NAMED
  return (
    <li class="finding edge-software">
      <div class="finding-text">
        <h3>
          <span class="rank">{rank}</span>
          {rows.length} <Name text={first.opType} most={40} />: <Sentence text={first.breaks} />
        </h3>
        <p class="detail">
          {rows.slice(0, MOST_NAMED).map(({ node }, index) => (
            <span key={index}>
              {index > 0 && ', '}
              <Name text={node} most={60} />
            </span>
          ))}
          {more > 0 && ` and ${more} more`}. Conversions: {timeOr(sumOf(rows, ({ conversionsMs }) => conversionsMs))}; the{' '}
          {rows.length === 1 ? 'operator' : 'operators'} in float: {timeOr(sumOf(rows, ({ operatorMs }) => operatorMs))}.
        </p>
        {first.mend !== null && (
          <p>
            <code class="word">whyslow fix -o repaired.onnx</code> can repair it (<Name text={first.mend} most={60} />
            ).
          </p>
        )}
      </div>
      <div class="finding-side">
        {saving !== null && saving > 0 && (
          <div class="saving">
            <p class="label">would save up to</p>
            <p class="saving-number">{time(saving)}</p>
            <p>
              {p50Ms !== null && p50Ms > 0 && `${percent(saving / p50Ms)} of it `}
              <span class="tag modelled">modelled</span>
            </p>
          </div>
        )}
        <p class="soft">
          <code>{shownName(first.condition, 40)}</code>
        </p>
      </div>
    </li>
  )
}

function InFloat({ lint: { unfused } }: { lint: Lint }) {
  const timed = unfused.filter(({ operatorMs, conversionsMs }) => operatorMs !== null || conversionsMs !== null)
  const costOf = ({ operatorMs, conversionsMs }: Unfused) => (operatorMs ?? 0) + (conversionsMs ?? 0)
  const largest = [...timed].sort((a, b) => costOf(b) - costOf(a)).slice(0, 10)
  const most = Math.max(0, ...largest.map(costOf))
  return (
    <Figure
      title="Which operators cost most, with their conversions?"
      says={
        largest.length === 0
          ? 'None of them could be timed.'
          : `${shownName(largest[0]!.node, 60)}: ${time(costOf(largest[0]!))}, its conversions among them.`
      }
      rows={unfused}
      tableTitle="Every operator that runs in float or apart"
      columns={[
        { head: 'node', show: ({ node }) => <Name text={node} most={80} />, value: ({ node }) => node },
        { head: 'type', show: ({ opType }) => <Name text={opType} />, value: ({ opType }) => opType },
        { head: 'condition', show: ({ condition }) => shownName(condition, 40), value: ({ condition }) => condition },
        {
          head: 'conversions',
          show: ({ conversionsMs }) => timeOr(conversionsMs),
          value: ({ conversionsMs }) => conversionsMs,
          isNumber: true,
        },
        { head: 'in float', show: ({ operatorMs }) => timeOr(operatorMs), value: ({ operatorMs }) => operatorMs, isNumber: true },
        {
          head: 'would save (modelled)',
          show: ({ wouldSaveMs }) => timeOr(wouldSaveMs),
          value: ({ wouldSaveMs }) => wouldSaveMs,
          isNumber: true,
        },
        { head: 'can be repaired', show: ({ mend }) => (mend === null ? 'no' : <Name text={mend} />), value: ({ mend }) => mend },
      ]}
      note="As measured: the operator in float and the conversions around it. What is unknown is left out of the bar, and marked in the table."
    >
      <ol class="ranked">
        {largest.map((one, index) => (
          <li key={index}>
            <Name text={one.node} most={60} />
            <span class="meter" aria-hidden="true">
              <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (costOf(one) / most) * 100 : 0}%` }} />
            </span>
            <b>{time(costOf(one))}</b>
          </li>
        ))}
      </ol>
    </Figure>
  )
}

function InFewBits({ lint: { fused, borders } }: { lint: Lint }) {
  const most = Math.max(0, ...fused.map(({ timeMs }) => timeMs))
  return (
    <Figure
      title="What runs in int8, or with weights of few bits?"
      says={
        borders.nodes === 0
          ? plural(fused.length, 'type of operators', 'types of operators')
          : `At the borders between float and int8 there are ${plural(borders.nodes, 'conversion')}, ${time(borders.timeMs)}: these are needed.`
      }
      rows={fused}
      columns={[
        { head: 'type', show: ({ opType }) => <Name text={opType} />, value: ({ opType }) => opType },
        { head: 'operators', show: ({ nodes }) => String(nodes), value: ({ nodes }) => nodes, isNumber: true },
        { head: 'time', show: ({ timeMs }) => time(timeMs), value: ({ timeMs }) => timeMs, isNumber: true },
      ]}
    >
      <ol class="ranked">
        {fused.map(({ opType, nodes, timeMs }, index) => (
          <li key={index}>
            <span>
              {nodes} <Name text={opType} most={60} />
            </span>
            <span class="meter" aria-hidden="true">
              <span class="meter-fill near-compute" style={{ width: `${most > 0 ? (timeMs / most) * 100 : 0}%` }} />
            </span>
            <b>{time(timeMs)}</b>
          </li>
        ))}
      </ol>
    </Figure>
  )
}

function Repair({ repair }: { repair: NonNullable<Lint['repair']> }) {
  const { proven, beforeMs, afterMs, speedupLow, speedupHigh, speedup, outputs, changes, out } = repair
  if (!proven || beforeMs === null || afterMs === null)
    return <p>Nothing that was tried is proven faster with outputs that agree, so nothing was written.</p>
  return (
    <Figure
      title="Is it faster than before?"
      says={`${time(beforeMs)} → ${time(afterMs)}${speedupLow === null || speedupHigh === null ? '' : `, ${factorRange(speedupLow, speedupHigh)} as fast`}; ${outputs}.`}
      rows={[]}
      columns={[]}
      note={`${changes.join(', ')}${out === null ? '' : `; written: ${shownName(out, 80)}`}`}
    >
      {speedup !== null && (
        <RatioRows
          rows={[
            {
              name: 'repaired',
              ratio: speedup,
              low: speedupLow,
              high: speedupHigh,
              outcome: speedupLow !== null && speedupLow > 1 ? 'better' : 'same',
            },
          ]}
          label="The repaired model compared with the original"
          left="slower"
          right="faster"
        />
      )}
    </Figure>
  )
}

function MeasuredWith({ lint: { measured, model, written, warnings, tool } }: { lint: Lint }) {
  return (
    <div class="measured-with">
      <Warnings warnings={warnings} />
      <div class="figures two">
        <Facts
          title="The model"
          facts={[
            ['file', model.file],
            ['format', model.format],
            ['size', bytes(model.sizeBytes)],
            ['conversions in the file', String(written.conversions)],
            ['quantized operators', String(written.quantizedOperators)],
            ['integer products', String(written.integerProducts)],
            ['products with weights of few bits', String(written.fewBitProducts)],
            ['float16 constants', String(written.float16Constants)],
            ['sha256', model.sha256],
          ]}
        />
        {measured !== null && (
          <Facts
            title="The run"
            facts={[
              ['engine', `${measured.engine.id} ${measured.engine.version}`],
              ['threads', String(measured.engine.threadsInUse)],
              ['graph optimization', measured.engine.graphOptimization],
              ['machine', measured.machine.cpu],
              ['instructions', measured.machine.isa.join(', ') || null],
              ['made-up inputs', madeUpLines(lintedInputs(measured)).join(' ') || 'none'],
              ['whyslow', tool.version],
            ]}
          />
        )}
      </div>
    </div>
  )
}
