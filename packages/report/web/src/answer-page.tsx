// The page of a document that answers in one sentence: the answer, next to it the number it is about, then the parts.
import type { ComponentChildren } from 'preact'
import { ExportMenu } from './export-menu.tsx'
import { documentExport } from './exports.ts'
import { Frame } from './frame.tsx'
import { Sentence } from './kit/name.tsx'
import { LaterParts, type Part } from './parts.tsx'

export interface AnswerPageProps {
  /** What it is, and what else is said of it. */
  readonly of: string
  readonly facts: readonly string[]
  readonly answer: string
  readonly parts: readonly Part[]
  /** The document as it came, under a title and the name of a file. */
  readonly exported: readonly [title: string, file: string, document: object]
  /** The number. */
  readonly beside: ComponentChildren
  /** Below both. */
  readonly below?: ComponentChildren
  /** Below the sentence. */
  readonly children: ComponentChildren
}

export function AnswerPage({ of, facts, answer, parts, exported, beside, below, children }: AnswerPageProps) {
  return (
    <Frame
      of={of}
      facts={facts}
      sections={[{ id: 'answer', title: 'The answer' }, ...parts]}
      actions={<ExportMenu items={[documentExport(...exported)]} />}
    >
      <section id="answer" class="first" aria-label="The answer">
        <div class="first-columns">
          <div>
            <h1 class="sentence">
              <Sentence text={answer} />
            </h1>
            {children}
          </div>
          {beside}
        </div>
        {below}
      </section>
      <LaterParts parts={parts} />
    </Frame>
  )
}
