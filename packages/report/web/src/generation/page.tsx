// The page of text generation: what a token is made of, what the first one is made of, time over the context, several tokens at once, estimates.
import { engineWords, measured } from '@whyslow/report/text/divided/divided-words.ts'
import {
  depthOf,
  forPrompt,
  isFloor,
  partRows,
  promptWords,
  severalWords,
} from '@whyslow/report/text/generation/generation-words.ts'
import { AnswerPage } from '../answer-page.tsx'
import { bytes, count, known, percent, plural, rate, significant, time, UNKNOWN } from '../format.ts'
import { type Fact, Facts, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { Sentence } from '../kit/name.tsx'
import { PlainTable } from '../kit/plain-table.tsx'
import { Trust } from '../kit/trust.tsx'
import type { Generation } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'
import { DepthLineFigure, SeveralFigure } from './curves.tsx'
import { GenerationFindings } from './findings.tsx'

type Parts = NonNullable<Generation['tokenParts']>

const PARTS: readonly PartOf<Generation>[] = [
  {
    id: 'token',
    title: 'One token',
    draw: ({ tokenParts }) =>
      tokenParts && <TokenWaterfall of={tokenParts} title="What is one token made of?" whole="the median" />,
    when: ({ tokenParts }) => tokenParts !== null,
  },
  {
    id: 'first-token',
    title: 'The first token',
    draw: ({ firstTokenParts }) =>
      firstTokenParts && <TokenWaterfall of={firstTokenParts} title="What is the first token made of?" whole="the median" />,
    when: ({ firstTokenParts }) => firstTokenParts !== null,
  },
  {
    id: 'context',
    title: 'Over the context',
    draw: ({ depthLine, floor }) => depthLine && <DepthLineFigure line={depthLine} floor={floor} />,
    when: ({ depthLine }) => depthLine !== null,
  },
  {
    id: 'several',
    title: 'Several tokens at once',
    draw: ({ severalTokens }) => severalTokens && <SeveralFigure several={severalTokens} says={severalWords(severalTokens)} />,
    when: ({ severalTokens }) => severalTokens !== null,
  },
  {
    id: 'estimates',
    title: 'Estimated, not measured',
    draw: ({ estimates }) => <Estimates estimates={estimates} />,
    when: ({ estimates }) => estimates.length > 0,
  },
  { id: 'tried', title: 'What was tried', draw: ({ fix }) => fix && <Tried fix={fix} />, when: ({ fix }) => fix !== undefined },
  { id: 'setup', title: 'Measured with', draw: (generation) => <MeasuredWith generation={generation} /> },
]

export function GenerationPage({ generation, original }: { generation: Generation; original: object }) {
  const { model, machine, answer } = generation
  return (
    <AnswerPage
      of={model.name}
      // What is behind an address runs elsewhere.
      facts={['text generation', ...(model.kind === 'address' ? [] : [machine.cpu])]}
      answer={answer}
      parts={partsOf(PARTS, generation)}
      exported={['Generation document (JSON)', 'generation.json', original]}
      beside={<NumberCard generation={generation} />}
    >
      <GenerationFindings generation={generation} />
    </AnswerPage>
  )
}

/** A document of a hand may lack it. */
const intervalSaid = (one: Measured): string => (one.value === undefined ? UNKNOWN : measured(one))
type Measured = Generation['speed']['timeToFirstTokenMs']
const timeSaid = ({ value }: Measured): string => (value === undefined ? UNKNOWN : time(value))

function NumberCard({ generation: { speed, setup } }: { generation: Generation }) {
  const { timePerTokenMs: each, timeToFirstTokenMs: first, tokensPerSecond, trust } = speed
  return (
    <section class="card number-card" aria-label="The number">
      <p class="label">{each === null ? 'The first token' : `A token after ${depthOf(setup)} tokens of context`}</p>
      <p class="hero">{timeSaid(each ?? first)}</p>
      <p class="soft">
        {intervalSaid(each ?? first)}
        {each !== null && tokensPerSecond !== null && `, ${significant(tokensPerSecond.value)} tokens/s`}
      </p>
      {each !== null && (
        <p>
          The first token: {timeSaid(first)} {forPrompt(setup)}
        </p>
      )}
      <Trust trust={trust} />
    </section>
  )
}

const kindOf = (id: Parts['parts'][number]['id']): string =>
  id === 'unexplained' ? 'unexplained' : isFloor(id) ? 'hardware' : 'software'

function TokenWaterfall({ of, title, whole }: { of: Parts; title: string; whole: string }) {
  const rows = partRows(of)
  const floorMs = of.parts.filter(({ id }) => isFloor(id)).reduce((sum, { ms }) => sum + ms, 0)
  return (
    <Figure
      title={title}
      says={
        floorMs > 0
          ? `Reading memory alone takes ${time(floorMs)}, ${percent(floorMs / of.totalMs)} of it: what is beyond that could be less.`
          : 'What the engine does inside is not known, so that it has no floor.'
      }
      rows={rows}
      columns={[
        { head: 'part', show: ({ name }) => name },
        { head: 'time', show: ({ ms }) => time(ms), value: ({ ms }) => ms, isNumber: true },
        { head: 'share', show: ({ share }) => share, isNumber: true },
        { head: 'how it is known', show: ({ how }) => <Sentence text={how} />, value: ({ how }) => how },
      ]}
      note={`The parts add up to ${time(of.totalMs)}. Reading is computed from bytes and the bandwidth that was measured on this machine.`}
    >
      <WaterfallBars
        parts={rows.map(({ id, name, ms }) => ({ name, kind: kindOf(id), timeMs: ms }))}
        wholeMs={of.totalMs}
        wholeName={whole}
      />
    </Figure>
  )
}

function Estimates({ estimates }: Pick<Generation, 'estimates'>) {
  return (
    <PlainTable
      title="Estimates"
      rows={estimates}
      columns={[
        { head: 'what', show: ({ what }) => <Sentence text={what} />, value: ({ what }) => what },
        { head: 'after tokens', show: ({ depth }) => known(depth, String), value: ({ depth }) => depth, isNumber: true },
        {
          head: 'a token',
          show: ({ timePerTokenMs }) => time(timePerTokenMs),
          value: (one) => one.timePerTokenMs,
          isNumber: true,
        },
        { head: 'why', show: ({ why }) => <Sentence text={why} />, value: ({ why }) => why },
      ]}
    />
  )
}

type Ratio = NonNullable<Generation['fix']>['timePerTokenRatio']
/** Ratios of a document are of times: a half is twice as fast. */
const fasterSaid = (ratio: Ratio): string => known(ratio, ({ value }) => `${significant(1 / value)}×`)

function Tried({ fix }: { fix: NonNullable<Generation['fix']> }) {
  const { tried, kept, folder, timePerTokenRatio, firstTokenRatio, equality } = fix
  return (
    <div class="measured-with">
      <PlainTable
        title="Remedies"
        rows={tried}
        columns={[
          { head: 'remedy', show: ({ remedy }) => remedy },
          { head: 'outcome', show: ({ outcome }) => outcome },
          {
            head: 'tokens, as fast',
            show: (one) => fasterSaid(one.timePerTokenRatio),
            value: (one) => one.timePerTokenRatio?.value ?? null,
            isNumber: true,
          },
          { head: 'why', show: ({ reason }) => <Sentence text={reason} />, value: ({ reason }) => reason },
        ]}
      />
      <Facts
        title="What was kept"
        facts={[
          ['kept', kept.length === 0 ? 'nothing' : kept.join(', ')],
          ['tokens after the first, as fast', timePerTokenRatio && fasterSaid(timePerTokenRatio)],
          ['the first token, as fast', firstTokenRatio && fasterSaid(firstTokenRatio)],
          ['the same texts', equality.sentence],
          ['written', folder],
        ]}
      />
    </div>
  )
}

/** What each reason is about, as on the terminal. */
const ABOUT: Readonly<Record<string, string>> = {
  tokenParts: 'what a token is made of',
  firstTokenParts: 'what the first token is made of',
  operators: 'a token inside the engine',
  firstOperators: 'the first token inside the engine',
  depthLine: 'time over the context',
  severalTokens: 'several tokens at once',
  floor: 'the floor',
  lookup: 'prompt lookup',
  otherTypes: 'other types of weights',
  timePerToken: 'the time per token',
  naturalStop: 'a text that ends by itself',
}

function MeasuredWith({ generation }: { generation: Generation }) {
  const unknown = Object.entries(generation.reasons).map(([part, reason]): Fact => [ABOUT[part] ?? part, reason])
  return (
    <div class="measured-with">
      <Warnings warnings={generation.warnings} />
      <div class="figures two">
        <Facts title="Speed" facts={speedFacts(generation)} />
        <Facts title="The model" facts={modelFacts(generation)} />
        <Facts title="The measurement" facts={setupFacts(generation)} />
        {unknown.length > 0 && <Facts title="Not known, or in part" facts={unknown} />}
      </div>
    </div>
  )
}

function speedFacts({ speed, reasons }: Generation): Fact[] {
  const between = reasons.interToken === undefined ? 'between tokens' : 'between chunks'
  const { interTokenMs, prefillTokensPerSecond, coldFirstTokenMs, openMs, naturalStop } = speed
  return [
    ['first token', intervalSaid(speed.timeToFirstTokenMs)],
    ['each token after it', known(speed.timePerTokenMs, intervalSaid)],
    [`${between}, p50`, known(interTokenMs, ({ p50 }) => time(p50))],
    [`${between}, p90`, known(interTokenMs, ({ p90 }) => time(p90))],
    [`${between}, p99`, known(interTokenMs, ({ p99 }) => time(p99))],
    ['prompt', known(prefillTokensPerSecond, ({ value }) => `${significant(value)} tokens/s`)],
    ['first token of a process', known(coldFirstTokenMs, ({ value }) => time(value))],
    ['opening', known(openMs, ({ value }) => time(value))],
    ['until it ended by itself', naturalStop && `${plural(naturalStop.tokens, 'token')} in ${time(naturalStop.totalMs)}`],
  ]
}

function modelFacts({ model, floor }: Generation): Fact[] {
  return [
    ['kind', model.kind],
    ['architecture', model.architecture],
    ['parameters', model.parameters === null ? null : count(model.parameters)],
    ['weights', model.dtype],
    ['read for each token', known(model.bytesPerToken, bytes)],
    ['KV cache of a token', known(model.cacheBytesPerToken, bytes)],
    ['layers', known(model.layers, String)],
    ['vocabulary', known(model.vocabulary, String)],
    ['context', known(model.context, String)],
    ['tokenizer', model.tokenizer],
    ['memory reads', floor && `${rate(floor.bytesPerSecond, 'B')} from ${floor.level}, ${plural(floor.threads, 'thread')}`],
    ['the floor over the time of a token', floor && known(floor.shareOfFloor, percent)],
  ]
}

function setupFacts({ model, setup, engine, machine, tool }: Generation): Fact[] {
  return [
    ['engine', engineWords(engine)],
    ['threads', known(engine.threads, String)],
    ['prompt', `${promptWords(setup)}, ${setup.prompts === 'user' ? 'your own' : 'made up'}`],
    ['new tokens', String(setup.newTokens)],
    ['tokens that end a text', setup.endIgnored ? 'ignored' : 'end it'],
    ['sampling', setup.sampling],
    ['processes', String(setup.processes)],
    ['warm calls of each', String(setup.callsPerProcess)],
    ['prompt tokens that a cache held', known(setup.cachedShare, percent)],
    [
      model.kind === 'address' ? 'machine that sent the requests' : 'machine',
      `${machine.cpu}, ${plural(machine.usableCpus, 'usable CPU')}, Node ${machine.node}`,
    ],
    ['whyslow', tool.version],
  ]
}
