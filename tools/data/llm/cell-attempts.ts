import { type AskingConversation, startConversation } from "../../../engine/data/llm/conversation.ts";
import { buildMessages } from "../../../engine/data/llm/prompt.ts";
import type { CellBook } from "./cell-book.ts";
import type { CellTools } from "./cell-tools.ts";

/** How far the asking for one cell has come. */
export interface CellAttempt {
  conversation: AskingConversation;
  requests: number;
  gatewayRetries: number;
  rateLimits: number;
  salvaged: number;
}

/** The open conversations of a run, one for each cell that was asked for. */
export class CellAttempts {
  private readonly book: CellBook;
  private readonly tools: ReadonlyMap<string, CellTools>;
  private readonly attempts = new Map<number, CellAttempt>();

  constructor(book: CellBook, tools: ReadonlyMap<string, CellTools> = new Map()) {
    this.book = book;
    this.tools = tools;
  }

  /** Renders the prompt at the first request: only then are all needed values there. Throws what rendering throws. */
  of(cell: number): CellAttempt {
    const known = this.attempts.get(cell);
    if (known !== undefined) return known;
    const { column, render } = this.book.columnOf(cell);
    const conversation = startConversation(buildMessages(column, render(this.book.recordOf(cell))));
    const attempt = { conversation, requests: 0, gatewayRetries: 0, rateLimits: 0, salvaged: 0 };
    this.attempts.set(cell, attempt);
    return attempt;
  }

  requestsOf(cell: number): number {
    return this.attempts.get(cell)?.requests ?? 0;
  }

  toolsOf(cell: number): CellTools | undefined {
    return this.tools.get(this.book.columnOf(cell).column.name);
  }

  /** Whether what the model wants to have called is answered; after the last refusal its text counts. */
  mayAnswerTools(cell: number, tools: CellTools): boolean {
    return this.of(cell).conversation.toolTurns <= tools.maxTurns;
  }

  /** Fields of the next request that tell the model of its tools. */
  toolFields(cell: number): Readonly<Record<string, unknown>> {
    const tools = this.toolsOf(cell);
    if (tools === undefined || tools.definitions.length === 0) return {};
    return { tools: tools.definitions, ...(this.mayAnswerTools(cell, tools) ? {} : { tool_choice: "none" }) };
  }

  forget(cell: number): void {
    this.attempts.delete(cell);
  }
}
