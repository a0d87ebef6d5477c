import type { Direction, HttpAnswer } from '@proxy/core';

/** The door of the gateway's that an older one stands for, and the words that differ between the two. */
export interface InnerDoor {
  readonly path: string;
  /** Which models it may ask; absent: those of its service. */
  readonly models?: ModelChoice;
  /** The model to ask for, whatever the body says. */
  readonly forced?: string;
  readonly reword?: NonNullable<Direction['reword']>;
  reshape?(answer: HttpAnswer): HttpAnswer | Promise<HttpAnswer>;
}

export interface ModelChoice {
  /** Absent: all of them. */
  readonly fitting?: RegExp;
  /** The one to ask instead of another, where no upstream lists one. */
  readonly otherwise?: string;
}
