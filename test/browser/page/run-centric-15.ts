import { useStream } from "@langchain/langgraph-sdk/react";

import { type State, mountRunCentric } from "./run-centric.ts";

mountRunCentric((options) => useStream<State>(options));
