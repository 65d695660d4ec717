-- A magazine: posts, their authors and tags.
CREATE TABLE authors (
    id integer PRIMARY KEY,
    name text NOT NULL
);
CREATE TABLE posts (
    id integer PRIMARY KEY,
    author_id integer NOT NULL REFERENCES authors (id),
    published_at timestamp NOT NULL,
    title text NOT NULL,
    body text NOT NULL
);
CREATE INDEX posts_author_published ON posts (author_id, published_at DESC);
CREATE TABLE post_tags (
    post_id integer NOT NULL REFERENCES posts (id),
    tag_id smallint NOT NULL,
    PRIMARY KEY (post_id, tag_id)
);
CREATE INDEX post_tags_tag ON post_tags (tag_id);
