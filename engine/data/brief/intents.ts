/** Follow-ups that change no column: yes, no, show, preview, status. */

export type Intent = "approve" | "reject" | "new_brief" | "status" | "cancel" | "jobs" | "show" | "preview" | "thanks";

const YES =
  "yes|yep|yeah|yup|y|ok(?:ay)?|sure|go(?: ahead| on| for it)?|do (?:it|that)|approved?|accept(?:ed)?|looks? (?:good|great|fine|right|perfect|nice)|lgtm|perfect|great|good|fine|nice|cool|start(?: it| the job| now)?|run(?: it| the job| now)?|create (?:it|the (?:job|dataset|data))|generate (?:it|them|the data(?:set)?|now)|submit(?: it)?|proceed|continue|ship it|confirm(?:ed)?|sounds good|that'?s (?:good|right|fine|it|great|perfect|correct)|that is (?:good|right|fine)|correct|absolutely|definitely|of course|please|now|then|thanks?|thank you|with it|it|all good|right|make it so|as is|like that";
const NO =
  "no|nope|nah|n|don'?t|do not|never ?mind|not (?:now|yet|like that|that|good)|reject(?:ed)?|decline|wrong|cancel(?: it| that| this)?|stop(?: it)?|abort(?: it)?|please|thanks?|thank you|forget it|leave it|i changed my mind|bad";

/** Praise and thanks alone are courtesy: a job needs a yes. */
const THANKS =
  "(?:many |lots of )?thanks?(?: you)?(?: so much| very much| a lot)?|thx|cheers|great|perfect|nice(?: work| job| one)?|cool|good(?: work| job)?|fine|awesome|wonderful|excellent|super|wow|well done|very|that'?s|that is|is|this";

const INTENTS: readonly (readonly [Intent, RegExp])[] = [
  [
    "new_brief",
    /^(?:(?:please|no|ok(?:ay)?|let'?s|lets|let us)[\s,]+)*(?:start(?:ing)? (?:over|again|anew|fresh|from scratch|new)|begin again|new (?:dataset|data set|design|brief|one)\b|(?:a |an )?(?:completely |totally |entirely )?(?:different|another|new) (?:dataset|data set|design|table)|forget (?:everything|all|that|the design|this design)|discard (?:everything|all|the design|this|it)|throw (?:it|everything) away|reset\b|clear (?:everything|all|the design))/,
  ],
  [
    "cancel",
    /^(?:please )?(?:cancel|stop|abort|kill|end|terminate) (?:the |this |that |my |running )*(?:job|run|generation|task|dataset job)\b[^,]*$/,
  ],
  ["cancel", /^(?:please )?(?:cancel|stop|abort)(?: it| that| this)?(?: please)?$/],
  ["thanks", new RegExp(`^(?:(?:${THANKS})\\b[\\s,.!]*)+$`)],
  ["approve", new RegExp(`^(?:(?:${YES})[\\s,.!]*)+$`)],
  [
    "reject",
    new RegExp(
      `^(?:no|nope|nah|n|don'?t|do not|never ?mind|not|reject|decline|wrong|forget it|i changed my mind)(?:[\\s,.!]+(?:${NO}))*[\\s,.!]*$`,
    ),
  ],
  [
    "jobs",
    /^(?:please )?(?:(?:list|show)(?: me)?|what are|which are|what|which)(?: all)?(?: (?:the|my|our))?(?: (?:running|recent|past|finished|last))? (?:jobs|datasets|runs)(?: (?:are there|do i have|have i|are running|ran))?$/,
  ],
  [
    "status",
    /^(?:please )?(?:(?:what'?s|what is|whats|how'?s|how is|show(?: me)?|check|tell me|give me|get)(?: the| my)? )?(?:(?:job|current|generation)(?:'s)? )?(?:status|progress|state)(?: (?:of|for) (?:the |my |this )?(?:job|run|dataset|generation|it))?(?: please)?$/,
  ],
  [
    "status",
    /^(?:is (?:it|the job|my job|the dataset|that) (?:done|ready|finished|complete|running|still running)|how far(?: (?:is|are) (?:it|the job|we|you))?(?: along)?|how (?:is|'s) (?:it|the job) (?:going|doing|coming along)|how'?s it going|are (?:we|you) (?:done|there|finished)(?: yet)?|how long (?:will|does) it (?:still )?take|eta|done yet|is it done yet)$/,
  ],
  [
    "preview",
    /^(?:please )?(?:(?:show|give|let|get|make|do|run|see|generate|display|can i (?:see|have|get)|i want(?: to see)?|i'd like(?: to see)?)(?: me)?(?: see)? )?(?:a |an |another |the |some |new |one more )*(?:preview|sample|example)s?(?: (?:rows?|records?|data|of (?:it|the data|rows)|again|now|once more|the data|it|please|first|10 rows))*$/,
  ],
  [
    "preview",
    /^(?:please )?(?:show|give|let|print|display)(?: me)?(?: see)? (?:the )?(?:some|a few|first|\d{1,2}|sample|example|several)? ?(?:first )?(?:sample |example )?(?:rows?|records?|data|examples?)(?: (?:again|please|now|first))*$/,
  ],
  [
    "show",
    /^(?:please )?(?:(?:show|print|display|describe|explain|list|summari[sz]e|give|tell)(?: me)?(?: about)? |what |what(?:'s| is| are| does)(?: in)? |which |view |see )(?:all |again )?(?:the |our |my |this |current |a )*(?:design|columns?|schema|config(?:uration)?|draft|fields|summary|plan so far|dataset design|data design|table|setup)(?: (?:do we have|are there|so far|again|now|please|of (?:the )?(?:design|columns|dataset)|look like|and their types))*$/,
  ],
  [
    "show",
    /^(?:how many (?:rows|columns)(?: are there| will there be| do we have)?|what do we have(?: so far| now)?|summary|show (?:it|design|columns|schema)(?: again)?|what have you (?:got|designed)|columns|schema|design)$/,
  ],
];

export function readIntent(text: string): Intent | undefined {
  const plain = text
    .toLowerCase()
    .replaceAll(/[\s]+/g, " ")
    .replace(
      /^[\s,.!?]*(?:(?:can|could|would|will) you(?: please)?|please|pls) (?=show|list|tell|give|print|describe|check|cancel|stop)/,
      "",
    )
    .replaceAll(/^[\s,.!?]+|[\s,.!?]+$/g, "");
  return plain.length > 200
    ? INTENTS[0]?.[1].test(plain) === true
      ? "new_brief"
      : undefined
    : INTENTS.find(([, pattern]) => pattern.test(plain))?.[0];
}
