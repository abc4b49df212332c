// Two documents of one kind side by side: the sentence, a card for each, and parts.
import type { ComponentChildren } from 'preact'
import { Frame } from '../frame.tsx'
import { Name, shownName } from '../kit/name.tsx'
import { LaterParts, type Part } from '../parts.tsx'

const MOST_NAME = 60

export type Titles = readonly [string, string]

/** Names of files are strangers' text, too. */
export const titlesOf = (names: readonly string[]): Titles => [
  shownName(names[0] ?? 'before', MOST_NAME),
  shownName(names[1] ?? 'after', MOST_NAME),
]

interface BesideFrameProps {
  readonly titles: Titles
  readonly sentence: string
  /** Cards of the first and of the second. */
  readonly cards: readonly [ComponentChildren, ComponentChildren]
  readonly below?: ComponentChildren
  readonly parts: readonly Part[]
}

export function BesideFrame({ titles, sentence, cards, below, parts }: BesideFrameProps) {
  return (
    <Frame of={`${titles[0]} → ${titles[1]}`} facts={[]} sections={[{ id: 'answer', title: 'What changed' }, ...parts]}>
      <section id="answer" class="first" aria-label="What changed">
        <h1 class="sentence">{sentence}</h1>
        <div class="figures two side-by-side">
          {cards.map((card, index) => (
            <div class="card" key={index}>
              <p class="label">
                {index === 0 ? 'before: ' : 'after: '}
                <Name text={titles[index]!} most={60} />
              </p>
              {card}
            </div>
          ))}
        </div>
        {below}
      </section>
      <LaterParts parts={parts} />
    </Frame>
  )
}
