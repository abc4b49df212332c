// The page of texts that a model encodes: ways of batching, what a text's time is made of, and what is around the numbers.
import { engineWords, measured } from '@whyslow/report/text/divided/divided-words.ts'
import { LAST_ROW, modelWords, partRows, partsTitle, wayName } from '@whyslow/report/text/embedding/embedding-words.ts'
import { AnswerPage } from '../answer-page.tsx'
import { ClearRules } from '../first/findings.tsx'
import { bytes, factor, known, percent, plural, time } from '../format.ts'
import { FindingCards } from '../generation/findings.tsx'
import { type Fact, Facts, Warnings } from '../kit/facts.tsx'
import { Figure } from '../kit/figure.tsx'
import { PlainTable } from '../kit/plain-table.tsx'
import { Trust } from '../kit/trust.tsx'
import type { Embedding } from '../page-data.ts'
import { type PartOf, partsOf } from '../parts.tsx'
import { WaterfallBars } from '../pictures/waterfall-bars.tsx'

const PARTS: readonly PartOf<Embedding>[] = [
  { id: 'ways', title: 'Ways of batching', draw: (embedding) => <Ways embedding={embedding} /> },
  { id: 'one', title: 'One at a time', draw: ({ oneParts }) => <TextWaterfall of={oneParts} /> },
  {
    id: 'batch',
    title: 'In batches',
    draw: ({ batchParts }) => batchParts && <TextWaterfall of={batchParts} />,
    when: ({ batchParts }) => batchParts !== null,
  },
  { id: 'setup', title: 'Measured with', draw: (embedding) => <MeasuredWith embedding={embedding} /> },
]

export function EmbeddingPage({ embedding, original }: { embedding: Embedding; original: object }) {
  const { model, machine, answer, findings } = embedding
  return (
    <AnswerPage
      of={model.name}
      facts={['embeddings', machine.cpu]}
      answer={answer}
      parts={partsOf(PARTS, embedding)}
      exported={['Embedding document (JSON)', 'embedding.json', original]}
      beside={<NumberCard embedding={embedding} />}
    >
      <FindingCards findings={findings} savingsOf={({ textMs }) => [{ of: 'of a text', ms: textMs }]} />
      <ClearRules report={embedding} />
    </AnswerPage>
  )
}

function NumberCard({ embedding: { ways, trust, lengths } }: { embedding: Embedding }) {
  const [one] = ways
  return (
    <section class="card number-card" aria-label="The number">
      <p class="label">A text, one at a time</p>
      <p class="hero">{one === undefined ? 'not known' : time(one.msPerText.value)}</p>
      <p class="soft">
        {one === undefined ? '' : `${measured(one.msPerText)}, `}
        median of {plural(Math.round(lengths.median), 'token')}
      </p>
      <Trust trust={trust} />
    </section>
  )
}

function Ways({ embedding: { ways, setup } }: { embedding: Embedding }) {
  return (
    <>
      <PlainTable
        title="A text in each way of batching"
        rows={ways}
        columns={[
          { head: 'way', show: (way) => wayName(way, { ways, setup }) },
          {
            head: 'a text',
            show: ({ msPerText }) => time(msPerText.value),
            value: ({ msPerText }) => msPerText.value,
            isNumber: true,
          },
          { head: '95 %', show: ({ msPerText: { low, high } }) => `${time(low)} – ${time(high)}`, isNumber: true },
          { head: 'padding', show: ({ paddedShare }) => percent(paddedShare), value: (one) => one.paddedShare, isNumber: true },
          {
            head: 'as fast as one at a time',
            show: ({ ratio }) => (ratio === null ? '–' : factor(1 / ratio.value)),
            value: ({ ratio }) => (ratio === null ? null : 1 / ratio.value),
            isNumber: true,
          },
        ]}
      />
      {ways.some(({ padding }) => padding === 'maximum') && <p class="soft">{LAST_ROW}</p>}
    </>
  )
}

const KINDS: Readonly<Record<string, string>> = { unexplained: 'unexplained', model: 'hardware' }

function TextWaterfall({ of }: { of: Embedding['oneParts'] }) {
  const rows = partRows(of)
  return (
    <Figure
      title={`${partsTitle(of)}: what is it made of?`}
      rows={rows}
      columns={[
        { head: 'part', show: ({ name }) => name },
        { head: 'time', show: ({ ms }) => time(ms), value: ({ ms }) => ms, isNumber: true },
        { head: 'share', show: ({ share }) => share, isNumber: true },
        { head: 'how it is known', show: ({ how }) => how },
      ]}
      note={`The parts add up to ${time(of.totalMs)}.`}
    >
      <WaterfallBars
        parts={rows.map(({ id, name, ms }) => ({ name, kind: KINDS[id] ?? 'software', timeMs: ms }))}
        wholeMs={of.totalMs}
        wholeName="the median"
      />
    </Figure>
  )
}

function MeasuredWith({ embedding }: { embedding: Embedding }) {
  return (
    <div class="measured-with">
      <Warnings warnings={embedding.warnings} />
      <div class="figures two">
        <Facts title="The texts" facts={textFacts(embedding)} />
        <Facts title="The model" facts={modelFacts(embedding)} />
        <Facts title="The measurement" facts={setupFacts(embedding)} />
      </div>
    </div>
  )
}

const textFacts = ({ setup, lengths }: Embedding): Fact[] => [
  ['texts', `${setup.texts}, ${setup.from === 'user' ? 'your own' : 'made up'}`],
  ['tokens of the shortest', String(lengths.shortest)],
  ['tokens, median', String(Math.round(lengths.median))],
  ['tokens, p90', String(Math.round(lengths.p90))],
  ['tokens of the longest', String(lengths.longest)],
  ['cut to', setup.longestTokens === null ? null : `${plural(setup.longestTokens, 'token')} (${setup.longestFrom})`],
  ['texts that were cut', String(lengths.cutTexts)],
  ['tokens that were cut off', percent(lengths.cutShare)],
]

const modelFacts = ({ model }: Embedding): Fact[] => [
  ['file', model.modelFile],
  ['architecture', model.architecture],
  ['weights', `${model.dtype}, ${bytes(model.sizeBytes)}`],
  ['gives', modelWords(model)],
  ['tokenizer', model.tokenizer],
]

const setupFacts = ({ setup, engine, machine, tool, openMs, firstTextMs }: Embedding): Fact[] => [
  ['engine', engineWords(engine)],
  ['threads', known(engine.threads, String)],
  ['processes', String(setup.processes)],
  ['passes of each, in every way', String(setup.passesPerProcess)],
  ['opening', measured(openMs)],
  ['the first text', measured(firstTextMs)],
  ['machine', `${machine.cpu}, ${plural(machine.usableCpus, 'usable CPU')}, Node ${machine.node}`],
  ['whyslow', tool.version],
]
