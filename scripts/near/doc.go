// Package near shows that people on the server's own machine and people across a
// network reach the same others, each by the address in their own table: its tests
// make two network namespaces and a cable between them, where that is allowed.
package near
