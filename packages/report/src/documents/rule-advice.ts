// What the page of a finding's rule advises (docs/findings), as plain text: the page of a report carries it, so that nothing has to be looked up.

export interface RuleAdvice {
  readonly toDo: readonly AdviceBlock[]
  readonly notToWorry: readonly AdviceBlock[]
}

export interface AdviceBlock {
  readonly as: 'text' | 'item' | 'code'
  /** Text of paragraphs and items, with code between backticks. */
  readonly text: string
}
