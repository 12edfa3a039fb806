/** What the offline agent says when there is nothing to look up. */
export const HELP_TEXT = `I look after the GPUs of this node. You can ask, for example:

- "Why is training slow on this node?" or "Is GPU 2 ok?": health, cause, evidence, plan and alert
- paste a kernel log of any length: what it shows and what to do
- "What is XID 79 and what do I do?"
- "Run the memory test on GPU 3": memory, compute, NVLink, PCIe and thermal diagnostics
- "Search incidents about NVLink errors" or "Have we seen this before?"
- "Raise an alert", "List open alerts", "Acknowledge it", "Snooze it for 30 minutes", "Close it"
- "List the GPUs", "Show the latest events", "Propose a remediation plan"
- and in the same thread: "and GPU 1?", "why?", "what should I do?"

I propose steps; I never reset, reboot or drain anything myself.`;

export const THANKS_TEXT = "All right. Ask again when you need something.";

export const UNANSWERABLE_TEXT = `I cannot answer that. I am the built-in offline policy: I read English and know about GPUs only, their health, events, logs, diagnostics, incidents, alerts and remediation. With a language model (\`LLM_BASE_URL\`) more questions can be asked.

${HELP_TEXT.slice(HELP_TEXT.indexOf("You can ask"))}`;

export const DUMP_TEXT =
  "This is output of nvidia-smi, which is not read from a message. Give it to `nemops gpu triage --smi-xml FILE` (or `--smi-text FILE`), or paste the kernel log here.";
