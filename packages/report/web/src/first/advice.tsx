// What the page of a finding's rule advises: shown where no command repairs it, else folded.

import type { AdviceBlock, RuleAdvice } from '@whyslow/report/documents/rule-advice.ts'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

/** Advice keyed by rule; a page of earlier versions has none. */
export const AdviceOf = createContext<Readonly<Record<string, RuleAdvice>>>({})

/** So much stands open. */
const MOST_OPEN = 3

export function Advice({ rule, isOpen }: { rule: string; isOpen: boolean }) {
  const all = useContext(AdviceOf)
  const advice = Object.hasOwn(all, rule) ? all[rule] : undefined
  if (advice === undefined) return null
  const { toDo, notToWorry } = advice
  const shown = isOpen ? toDo.slice(0, MOST_OPEN) : []
  const rest = toDo.slice(shown.length)
  return (
    <div class="advice">
      {shown.length > 0 && (
        <>
          <h4>What to do</h4>
          <Blocks blocks={shown} />
        </>
      )}
      {rest.length + notToWorry.length > 0 && (
        <details>
          <summary>{summaryOf(shown.length, rest.length, notToWorry.length)}</summary>
          <Blocks blocks={rest} />
          {notToWorry.length > 0 && (
            <>
              <h4>When not to worry</h4>
              <Blocks blocks={notToWorry} />
            </>
          )}
        </details>
      )}
    </div>
  )
}

function summaryOf(shown: number, rest: number, notToWorry: number): string {
  if (rest === 0) return 'When not to worry'
  const toDo = shown > 0 ? 'More to do' : 'What to do by hand'
  return notToWorry === 0 ? toDo : `${toDo}, and when not to worry`
}

function Blocks({ blocks }: { blocks: readonly AdviceBlock[] }) {
  const groups: AdviceBlock[][] = []
  for (const block of blocks) {
    const last = groups.at(-1)
    if (block.as === 'item' && last?.[0]?.as === 'item') last.push(block)
    else groups.push([block])
  }
  return (
    <>
      {groups.map((group, index) => {
        const { as, text } = group[0]!
        if (as === 'code')
          return (
            <pre key={index}>
              <code>{text}</code>
            </pre>
          )
        if (as === 'text')
          return (
            <p key={index}>
              <WithCode text={text} />
            </p>
          )
        return (
          <ul key={index}>
            {group.map((item, at) => (
              <li key={at}>
                <WithCode text={item.text} />
              </li>
            ))}
          </ul>
        )
      })}
    </>
  )
}

/** What stands between backticks is code. */
function WithCode({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
}
