CREATE TABLE authors (id integer PRIMARY KEY, name text NOT NULL, born date, country text NOT NULL);
CREATE INDEX authors_country ON authors (country);
CREATE TABLE books (
  isbn character varying(20) PRIMARY KEY,
  author_id integer NOT NULL REFERENCES authors (id),
  title text NOT NULL,
  genre text NOT NULL,
  year smallint NOT NULL,
  pages smallint,
  tags text[] NOT NULL DEFAULT '{}',
  attrs jsonb NOT NULL DEFAULT '{}',
  summary text
);
CREATE INDEX books_author ON books (author_id, year DESC);
CREATE INDEX books_title ON books (lower(title));
CREATE INDEX books_tags ON books USING gin (tags);
CREATE INDEX books_attrs ON books USING gin (attrs);
CREATE INDEX books_genre ON books (genre) INCLUDE (year);
CREATE TABLE copies (
  isbn character varying(20) NOT NULL REFERENCES books (isbn) ON DELETE CASCADE,
  copy smallint NOT NULL,
  branch smallint NOT NULL,
  acquired date NOT NULL,
  price numeric(8,2) NOT NULL,
  lent boolean NOT NULL DEFAULT false,
  PRIMARY KEY (isbn, copy)
);
CREATE INDEX copies_on_shelf ON copies (branch, isbn) WHERE NOT lent;
CREATE TABLE members (id bigserial PRIMARY KEY, card uuid NOT NULL UNIQUE, email character varying(80) NOT NULL, joined date NOT NULL, fines numeric(8,2) NOT NULL DEFAULT 0, remarks text) WITH (fillfactor = 85);
CREATE UNIQUE INDEX members_email ON members (lower(email));
CREATE TABLE loans (
  id bigserial PRIMARY KEY,
  member_id bigint NOT NULL REFERENCES members (id),
  isbn character varying(20) NOT NULL,
  copy smallint NOT NULL,
  out_on date NOT NULL DEFAULT CURRENT_DATE,
  back_on date,
  FOREIGN KEY (isbn, copy) REFERENCES copies (isbn, copy)
);
CREATE INDEX loans_member ON loans (member_id) WHERE back_on IS NULL;
CREATE INDEX loans_copy ON loans (isbn, copy);
CREATE INDEX loans_out ON loans USING brin (out_on);
CREATE TABLE fulltexts (isbn character varying(20) PRIMARY KEY, language character(2) NOT NULL, body text NOT NULL, words integer NOT NULL);
