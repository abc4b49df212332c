// The page of two implementations: which is faster and by how much, pair by pair, and whether they give the same.
import { changeLines } from '@whyslow/report/text/fix-answer.ts'
import { AnswerPage } from '../answer-page.tsx'
import { count, factor, factorRange, known, percent, plural, significant, time } from '../format.ts'
import { type Fact, Facts, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Lines } from '../kit/lines.tsx'
import { Name, Sentence, shownName } from '../kit/name.tsx'
import { RankingTable } from '../kit/ranking-table.tsx'
import type { Ab } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { RatioRows } from '../pictures/ratio-rows.tsx'
import { Pairs } from './pairs.tsx'

const PARTS: readonly PartOf<Ab>[] = [
  { id: 'time', title: 'By how much', draw: (ab) => <Time ab={ab} /> },
  { id: 'changes', title: 'Lines to change', when: ({ fix }) => fix?.shipped != null, draw: ({ fix }) => <Changes fix={fix!} /> },
  { id: 'outputs', title: 'Do they give the same?', draw: (ab) => <Outputs ab={ab} /> },
  { id: 'setup', title: 'Measured with', draw: (ab) => <MeasuredWith ab={ab} /> },
]

/** Told apart also where both are of one file. */
const titlesOf = ({ a, b }: Ab): readonly [string, string] =>
  a.file === b.file ? [`${a.file}, the first`, `${b.file}, the second`] : [a.file, b.file]

export function AbPage({ ab, original }: { ab: Ab; original: object }) {
  const [first, second] = titlesOf(ab)
  return (
    <AnswerPage
      of={`${first} → ${second}`}
      facts={['two implementations']}
      answer={ab.answer}
      parts={partsOf(PARTS, ab)}
      exported={['Document (JSON)', 'ab.json', original]}
      beside={<Verdict ab={ab} />}
    >
      <Sides ab={ab} />
    </AnswerPage>
  )
}

const AGREEMENTS: Readonly<Record<string, string>> = {
  identical: 'They give the same, bit for bit',
  close: 'They give the same up to rounding',
  different: 'They give different results',
  'not-comparable': 'It is unknown whether they give the same',
}

/** Fields that change by themselves are not compared, and named. */
const agreementOf = ({ agreement, varying = [] }: Ab['outputs']): string =>
  [AGREEMENTS[agreement] ?? agreement, ...(varying.length === 0 ? [] : [`apart from ${varying.join(', ')}`])].join(', ')

function Verdict({ ab: { verdict, ratio, ratioLow, ratioHigh, levelPercent, pairs, outputs } }: { ab: Ab }) {
  const isSound = outputs.agreement === 'identical' || outputs.agreement === 'close'
  return (
    <section class="card number-card" aria-label="The ratio">
      <p class="label">Time of the second, relative to the first</p>
      <p class={verdict === 'no-difference' ? 'hero soft' : 'hero'}>{factor(ratio)}</p>
      <p class="soft">
        {factorRange(ratioLow, ratioHigh)} ({levelPercent} %), over {plural(pairs.length, 'pair')} of fresh processes
      </p>
      {verdict === 'no-difference' && <p>The interval includes 1×: no difference is detectable.</p>}
      <div class="trust">
        <span class={`grade grade-${isSound ? 'A' : 'C'}`} role="img" aria-label={isSound ? 'Same results' : 'With care'}>
          {isSound ? '=' : '≠'}
        </span>
        <b>{agreementOf(outputs)}</b>
      </div>
    </section>
  )
}

function Sides({ ab }: { ab: Ab }) {
  const { a, b } = ab
  const isScript = b.call.length === 0
  const most = Math.max(a.callMs, b.callMs)
  const heads = ['', isScript ? 'a run' : 'a call', '', ...(isScript ? [] : ['first call', 'load', 'import']), 'runs']
  return (
    <RankingTable label="Both sides" heads={heads}>
      {[a, b].map((side, index) => (
        <tr key={index}>
          <th scope="row">
            <Name text={titlesOf(ab)[index]!} most={60} />
          </th>
          <td class="nowrap">{time(side.callMs)}</td>
          <td class="bar-cell">
            <span class="rank-bar" style={{ width: `${most > 0 ? (side.callMs / most) * 100 : 0}%` }} aria-hidden="true" />
          </td>
          {!isScript && (
            <>
              <td class="nowrap">{known(side.firstMs, time)}</td>
              <td class="nowrap">{side.loadMs === null ? 'none' : time(side.loadMs)}</td>
              <td class="nowrap">{known(side.importMs, time)}</td>
            </>
          )}
          <td>
            <Sentence text={`${side.call.length === 0 ? '' : `${side.call.join(', ')} on `}${side.runtime}`} />
          </td>
        </tr>
      ))}
    </RankingTable>
  )
}

function Time({ ab }: { ab: Ab }) {
  const { ratio, ratioLow, ratioHigh, verdict, pairs } = ab
  const [first, second] = titlesOf(ab)
  const outcome = verdict === 'no-difference' ? 'same' : verdict === 'faster' ? 'better' : 'worse'
  return (
    <div class="figures">
      <Figure
        title="Is the difference one of the programs?"
        says={
          verdict === 'no-difference'
            ? 'No: the interval holds 1×, which would be the same time.'
            : `Yes: the interval lies ${verdict === 'faster' ? 'below' : 'above'} 1×, which would be the same time.`
        }
        rows={[]}
        columns={[]}
        note="The median of the ratios of the pairs, with its interval. Both of a pair run in turns, so that what slows the machine slows both."
      >
        <RatioRows
          rows={[
            { name: `${shownName(second, 60)} over ${shownName(first, 60)}`, ratio, low: ratioLow, high: ratioHigh, outcome },
          ]}
          label="The ratio of times with its interval"
          left="the second is faster"
          right="the second is slower"
        />
      </Figure>
      {pairs.length > 0 && <Pairs ab={ab} />}
    </div>
  )
}

function Outputs({ ab: { outputs, samples } }: { ab: Ab }) {
  const { differences, notes, repeats, maxAbsolute, maxRelative, sameChoice, farPixels } = outputs
  const rows: Fact[] = [
    ['samples compared', `${count(outputs.samples)}, ${count(outputs.differingSamples)} of them differ`],
    ['numbers compared', `${count(outputs.numbers)}, ${count(outputs.differing)} not bit for bit the same`],
    ['largest difference', maxAbsolute === null ? null : significant(maxAbsolute)],
    ['largest relative difference', maxRelative === null ? null : significant(maxRelative)],
    ['same largest element', sameChoice === null ? null : percent(sameChoice)],
    ['values of images more than two steps away', farPixels === null ? null : percent(farPixels)],
    ['called again, the first gives', repeats.a ? 'the same' : 'something else'],
    ['called again, the second gives', repeats.b ? 'the same' : 'something else'],
  ]
  return (
    <div class="figures">
      <Facts title={agreementOf(outputs)} facts={rows} />
      {differences.length > 0 && (
        <div class="card">
          <h3>The first differences</h3>
          <ul class="sentences">
            {differences.map(({ sample, path, reason }, index) => (
              <li key={index}>
                {samples.source !== 'none' && `sample ${sample}: `}
                {path !== '' && <Name text={path} />} <Sentence text={reason} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {notes.length > 0 && (
        <ul class="sentences">
          {notes.map((note) => (
            <li key={note}>
              <Sentence text={note} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What `fix` changed, and the models that it changed it for. */
function Changes({ fix }: { fix: NonNullable<Ab['fix']> }) {
  return (
    <div class="figures">
      <div class="card">
        <h3>With {fix.shipped} next to the program</h3>
        <Lines text={changeLines(fix).join('\n')} label="Lines to change" />
      </div>
      <Facts
        title="What predicts"
        facts={fix.models.map(({ type, engine, runs, reason }): Fact => [`${type} of ${engine}`, runs ?? reason])}
      />
    </div>
  )
}

const SOURCES: Readonly<Record<string, string>> = {
  data: 'of --data',
  a: 'of the first one, given to both',
  b: 'of the second one, given to both',
  own: 'of their own',
  none: 'none',
}

function MeasuredWith({ ab }: { ab: Ab }) {
  const { samples, warnings, tool } = ab
  return (
    <div class="measured-with">
      <Warnings warnings={warnings} />
      <div class="figures two">
        {[ab.a, ab.b].map((side, index) => (
          <Facts
            key={index}
            title={index === 0 ? 'The first' : 'The second'}
            facts={[
              ['file', side.file],
              ['runtime', `${side.language}, ${side.runtime}`],
              ['packages', side.packages.join(', ') || null],
            ]}
          />
        ))}
        <Facts
          title="Samples"
          facts={[
            ['samples', samples.source === 'none' ? 'none' : `${samples.count} ${SOURCES[samples.source] ?? samples.source}`],
            ['timed', String(samples.timed)],
            ['whyslow', tool.version],
          ]}
        />
      </div>
    </div>
  )
}
