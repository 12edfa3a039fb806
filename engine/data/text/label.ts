/** Names the offline text model in datasets. In a file of its own: whoever only says who wrote needs no grammar. */
export const OFFLINE_TEXT_LABEL = "offline text model";
